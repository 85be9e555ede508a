"""Bodies out of their transport, whatever they are packed in."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest

from crawler.archives.captures import UnreadableBodyError
from crawler.archives.files import inflate
from store.model import PageOutcome

MEMBER = gzip.compress(b"x" * 9000)
NOISE = bytes(number * number % 251 for number in range(30_000))


@pytest.mark.parametrize(
    ("packed", "body"),
    [
        (MEMBER * 3, b"x" * 27_000),
        (MEMBER + b"\0" * 5000 + MEMBER, b"x" * 18_000),
        (MEMBER + b"something else", b"x" * 9000),
        (gzip.compress(NOISE) * 2, NOISE * 2),
        (zlib.compress(NOISE), NOISE),
        (zlib.compress(NOISE)[2:-4], NOISE),
        (b"", b""),
    ],
    ids=["members", "padding", "garbage behind", "long members", "zlib", "raw deflate", "nothing"],
)
def test_packed_data_is_unpacked(packed: bytes, body: bytes) -> None:
    """All members of gzip, zlib with and without its header give their bytes; padding is passed over."""
    assert inflate(packed, 100_000) == body


@pytest.mark.parametrize(
    ("packed", "outcome"),
    [
        (MEMBER[:-9], PageOutcome.TRUNCATED),
        (MEMBER + MEMBER[:20], PageOutcome.TRUNCATED),
        (MEMBER * 2, PageOutcome.TOO_LARGE),
    ],
)
def test_what_cannot_be_given_whole_is_said(packed: bytes, outcome: PageOutcome) -> None:
    """A truncated member and a member over the limit have different messages."""
    with pytest.raises(UnreadableBodyError) as raised:
        inflate(packed, 10_000)
    assert raised.value.outcome is outcome


def test_a_great_many_empty_members_cost_no_more_than_their_bytes() -> None:
    """Four times the members have four times the bytes copied out of the packed data, not sixteen times."""

    class Packed(bytes):
        """Bytes that count what is copied out of them."""

        copied = 0

        def __getitem__(self, place: Any) -> Any:
            part = super().__getitem__(place)
            self.copied += len(part) if isinstance(part, bytes) else 1
            return part

    few, many = (Packed(gzip.compress(b"", mtime=0) * number) for number in (2_000, 8_000))
    assert inflate(few, 1000) == inflate(many, 1000) == b""
    assert many.copied < 5 * few.copied
