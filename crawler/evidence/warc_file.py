"""A WARC file being written: one gzip member for each record, so that each can be read alone."""

from __future__ import annotations

import io
import os
import zlib
from typing import TYPE_CHECKING

from warcio.warcwriter import WARCWriter

from crawler.evidence.records import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from warcio.recordloader import ArcWarcRecord

_GZIP = 16
_SMALLEST_WINDOW, _LARGEST_WINDOW = 9, 15
"""As powers of two, in bytes; zlib looks back over some 260 bytes less."""
_LEVEL = 6
"""warcio itself takes 9, which costs twice the time for about one per cent."""


class WarcFile:
    """Appends records; what was written before `syncing` is on the disk once that has been called."""

    def __init__(self, path: Path) -> None:
        """Make the file.

        Raises:
            FileExistsError: If there is one already; evidence is never written over.
        """
        self.path = path
        self._handle = path.open("xb")
        self.size = 0
        """Bytes written so far."""
        _sync_folder(path.parent)

    def write(self, record: ArcWarcRecord) -> tuple[int, int]:
        """Append a record and return its offset and length in the file."""
        plain = io.BytesIO()
        WARCWriter(plain, gzip=False, warc_version=VERSION).write_record(record)
        member = _deflater(len(plain.getvalue()))
        offset = self.size
        self.size += self._handle.write(member.compress(plain.getvalue()))
        self.size += self._handle.write(member.flush())
        return offset, self.size - offset

    def syncing(self) -> Callable[[], None]:
        """Hand all that was written to the operating system, and return what puts it on the disk.

        That may be called in another thread, and also after the file was closed; call it once.
        """
        self._handle.flush()
        own = os.dup(self._handle.fileno())

        def sync() -> None:
            try:
                os.fsync(own)
            finally:
                os.close(own)

        return sync

    def close(self) -> None:
        """Put on the disk all that was written, and add nothing more."""
        try:
            self.syncing()()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the file as it is: of a record that the disk refused, no more is tried."""
        self._handle.raw.close()


def _deflater(size: int) -> zlib._Compress:
    """Return what packs so many bytes, to no more than in zlib's usual quarter of a megabyte.

    To clear that takes ten times as long as to pack a record of some hundred bytes.
    """
    window = min(_LARGEST_WINDOW, max(_SMALLEST_WINDOW, size.bit_length() + 1))
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP + window, min(zlib.DEF_MEM_LEVEL, window - 6))


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file last: syncing a file does not sync the folder that names it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
