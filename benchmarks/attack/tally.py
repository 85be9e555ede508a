"""The count of one class of tries."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Tries of one class, and what failed."""

    name: str
    tries: int = 0
    failures: list[str] = field(default_factory=list)

    def fail(self, what: str) -> None:
        """Note a failure."""
        self.failures.append(what)
