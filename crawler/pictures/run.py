"""Read the pictures that nobody has read, one after another, from the evidence into the store."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from crawler.errors import CrawlError
from crawler.evidence.warc_records import EvidenceWrong, body_of
from crawler.pictures import PACKS, missing_packages, missing_packs
from crawler.pictures.worker import PictureWorker
from store.crawl.pictures import PictureReading, count_unread, record_reading, unread_pictures
from store.messages import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from crawler.pictures import PictureSettings
    from store.database import Database

BATCH = 32


class PicturesUnreadable(CrawlError):
    """The packages that read pictures are not installed."""

    def __init__(self, packages: list[str]) -> None:
        super().__init__(
            f"Pictures are kept and not read: {', '.join(packages)} is not installed; install "
            "precursor-watch with its extra `pictures`."
        )


@dataclass(slots=True, kw_only=True)
class PicturesRead:
    """The results of one pass."""

    pictures: int = 0
    with_text: int = 0
    with_codes: int = 0
    not_read: int = 0
    """Pictures that are damaged, too large, or no pictures."""
    in_part: int = 0
    """Pictures with lines that no reader here can read."""

    def add(self, reading: PictureReading) -> None:
        """Count one picture."""
        self.pictures += 1
        self.with_text += bool(reading.lines)
        self.with_codes += bool(reading.codes)
        self.not_read += reading.shown is None
        self.in_part += reading.unread_lines > 0

    @property
    def sentence(self) -> str:
        """The counts as a sentence."""
        said = f"{counted(self.pictures, 'picture', 'pictures')} read: {self.with_text} with text, "
        said += f"{self.with_codes} with codes"
        said += f", {self.in_part} with lines that could not be read" if self.in_part else ""
        return said + (f", {self.not_read} that could not be decoded." if self.not_read else ".")


def what_is_missing() -> str:
    """Return a sentence on the missing parts for reading pictures; empty if nothing is missing."""
    if packages := missing_packages():
        return str(PicturesUnreadable(packages))
    if packs := missing_packs():
        scripts = ", ".join(PACKS[pack].capitalize() for pack in packs)
        debian = " ".join(f"tesseract-ocr-{pack}" for pack in packs)
        return f"Text in pictures is not read in {scripts} letters; install tesserocr, and Debian's {debian}."
    return ""


def read_with() -> str:
    """Return the readers in use, by which `pictures --reread` tells which pictures others read."""
    packs = [pack for pack in PACKS if pack not in missing_packs()]
    own = "choice 2"  # how `ocr.py` chooses among readers; raise it when readings change
    names = [*(f"{name} {version(name)}" for name in ("rapidocr", "zxing-cpp")), own, "tesseract", *packs]
    return " ".join(names)


def read_pictures(
    db: Database,
    folder: Path,
    settings: PictureSettings,
    *,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> PicturesRead:
    """Read every unread picture once; a pass that is killed loses one picture at most.

    Args:
        db: The store.
        folder: The evidence folder.
        settings: The limits of one picture.
        now: The clock.
        progress: Called with (pictures read, unread pictures at the start).

    Raises:
        PicturesUnreadable: If the packages are not installed.
        NoPictureReader: If the process that reads pictures cannot be started.
    """
    done, waiting = PicturesRead(), count_unread(db)
    if waiting and (packages := missing_packages()):
        raise PicturesUnreadable(packages)
    with PictureWorker(settings) as worker:
        while batch := unread_pictures(db, limit=BATCH):
            for picture in batch:
                try:
                    reading = worker.read(body_of(db, folder, picture.record_id))
                except EvidenceWrong as error:
                    reading = PictureReading(sentence=f"The evidence no longer holds the picture: {error}")
                record_reading(db, picture.sha256, reading, read_with=read_with(), now=now())
                done.add(reading)
                progress(done.pictures, waiting)
    return done
