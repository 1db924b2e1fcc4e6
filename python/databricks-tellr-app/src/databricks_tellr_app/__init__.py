"""The runtime of Tellr: the program ``tellr-app``, and the entry points that ``app.yaml`` files name."""
