"""Text, codes and likeness of pictures, read by the real readers in their confined process."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from crawler.pictures import PictureSettings, missing_packs
from crawler.pictures.worker import PictureWorker
from fixtures.builders.pictures import drawn, packed, with_code
from store.crawl.pictures import SAME_BITS

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def worker() -> Iterator[PictureWorker]:
    """One process for all pictures."""
    with PictureWorker(PictureSettings(seconds=20)) as started:
        yield started


def png(width: int, height: int, rows: bytes) -> bytes:
    """Return a PNG that states any size, with rows of any content."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_number_and_code_on_a_label_are_read(worker: PictureWorker) -> None:
    """A turned, noisy label gives its CAS number with a box, and its QR code gives the address in it."""
    label = drawn(["Acetone, technical", "CAS 67-64-1"], turned=4, noise=10)
    reading = worker.read(packed(with_code(label, "https://t.me/solvent_shop")))
    assert "CAS 67-64-1" in [line.text for line in reading.lines]
    assert all(0 <= share <= 1 for line in reading.lines for share in line.box)
    assert [code.text for code in reading.codes] == ["https://t.me/solvent_shop"]
    assert reading.text.splitlines()[-1] == "https://t.me/solvent_shop"
    assert (reading.format, reading.sentence, reading.unread_lines) == ("JPEG", "", 0)
    assert reading.shown is not None
    assert reading.shown.startswith(b"RIFF")


def test_script_is_read_or_said_to_be_unread(worker: PictureWorker) -> None:
    """Cyrillic is read where Tesseract has Russian; where it has not, the lines are counted and said."""
    reading = worker.read(packed(drawn(["Растворитель технический"], font="truetype/dejavu/DejaVuSans.ttf")))
    if "rus" in missing_packs():
        assert reading.unread_lines == 1
        assert "1 line of text could not be read" in reading.sentence
    else:
        assert reading.text == "Растворитель технический"
        assert reading.lines[0].reader == "tesseract rus"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (png(60_000, 60_000, b""), "The picture would have 60,000 × 60,000 pixels, more than 50 million"),
        (png(4_000, 4_000, b"\0"), "The picture cannot be decoded"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "The bytes are not a picture in a known format"),
        (b"", "The bytes are not a picture in a known format"),
    ],
)
def test_bad_picture_gets_a_sentence(worker: PictureWorker, body: bytes, sentence: str) -> None:
    """A bomb, a torn file and what is no picture are refused, and the process goes on."""
    reading = worker.read(body)
    assert reading.sentence.startswith(sentence)
    assert (reading.text, reading.shown) == ("", None)


def test_picture_that_takes_too_long_ends_its_process_only() -> None:
    """The picture is given up with the reason, and the next one is read by a new process."""
    with PictureWorker(PictureSettings(seconds=1)) as hurried:
        long = packed(drawn([f"{number} kg of salt in {number} bags" for number in range(60)], size=20))
        assert hurried.read(long).sentence == "Reading the picture took more than 1 seconds and was ended."
        assert hurried.read(b"").sentence.startswith("The bytes are not a picture")


def test_same_picture_is_found_after_it_was_reduced(worker: PictureWorker) -> None:
    """A smaller, harder compressed copy differs in few bits; another label differs in many."""
    label = drawn(["Acetone, technical", "CAS 67-64-1", "25 kg, in drums"], size=48)
    copy = label.resize((label.width // 2, label.height // 2))
    other = drawn(["Walnut table", "hand made"], size=90)
    hashes = [
        int.from_bytes(worker.read(body).perceptual_hash or b"", "big")
        for body in (packed(label), packed(copy, "WEBP", 50), packed(other))
    ]
    assert (hashes[0] ^ hashes[1]).bit_count() <= SAME_BITS
    assert (hashes[0] ^ hashes[2]).bit_count() > SAME_BITS
