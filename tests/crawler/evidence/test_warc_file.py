"""Records of any size are packed as gzip that any reader unpacks, and no worse than zlib's own way."""

from __future__ import annotations

import random
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crawler.evidence.warc_records import Exchange, WarcFile, new_record_id, response_record

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ["drum", "kettle", "label", "powder", "soap", "price", "order", "ships", "the", "of", "and"]


@pytest.mark.parametrize("size", [0, 1, 300, 511, 512, 4_000, 4_096, 20_000, 32_768, 200_000])
def test_each_record_is_a_member_that_unpacks(tmp_path: Path, size: int) -> None:
    """Each member unpacks, even with the smallest window."""
    chance = random.Random(size)
    body = " ".join(chance.choices(WORDS, k=size // 4)).ljust(size)[:size].encode()
    exchange = Exchange(
        url="https://a.example/1",
        at=datetime(2026, 11, 26, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", "text/html"),),
        body=body,
    )
    file = WarcFile(tmp_path / "a.warc.gz")
    offset, length = file.write(response_record(exchange, new_record_id(), b"\0" * 32))
    file.close()
    packed = file.path.read_bytes()
    assert (offset, length) == (0, len(packed))
    plain = zlib.decompress(packed, wbits=31)
    assert plain.endswith(body + b"\r\n\r\n")
    assert length <= len(zlib.compress(plain, 6, wbits=31)) * 1.001 + 1
