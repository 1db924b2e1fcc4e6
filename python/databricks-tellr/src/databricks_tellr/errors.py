"""What can go wrong in a deployment."""

from __future__ import annotations


class DeploymentError(Exception):
    """A deployment failed.

    ``message`` says what failed and why, ``hint`` what to do about it, ``step`` where it happened, ``field`` which
    argument is wrong; each of the last three is ``None`` where it does not apply.
    """

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        step: str | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.step = step
        self.field = field

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message
