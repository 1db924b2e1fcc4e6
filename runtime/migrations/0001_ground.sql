-- The ground every later table stands on.
--
-- `encryption_keys` is the Python original's table, column for column: a schema that it wrote (or that a deployer
-- prepared for it) may already hold one with the key in it, which is kept. The timestamp is UTC without a zone, as there.
CREATE TABLE IF NOT EXISTS encryption_keys (
    id         INTEGER   PRIMARY KEY,
    key_value  TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- One row for each reset that a deployer ordered, so that a restart does not carry it out again. Its rows outlive a
-- reset: going back to an earlier deployment must not repeat that deployment's reset.
CREATE TABLE IF NOT EXISTS database_resets (
    id       TEXT        PRIMARY KEY,
    reset_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
