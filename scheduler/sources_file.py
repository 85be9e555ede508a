"""Whether the sources file was edited since it was last taken up, told by what is in it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class SourcesFile:
    """The file as it was when last looked at."""

    def __init__(self, path: Path) -> None:
        """Remember the file as it is now."""
        self._path = path
        self._seen = self._stamp()
        self._digest = self._hash()
        self.problem = ""
        """Why it could not be taken up as it is; empty when it was."""

    def has_changed(self) -> bool:
        """Return whether what is in it differs from the last time this was asked.

        The content counts and not the date, so that a file written by an editor in two steps, or only
        touched, is taken up once or not at all.
        """
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        before, self._digest = self._digest, self._hash()
        return self._digest != before

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_size, found.st_ino)

    def _hash(self) -> str:
        try:
            return hashlib.sha256(self._path.read_bytes()).hexdigest()
        except OSError:
            return ""
