"""Pictures of listings: their text, their codes, and whether another listing has the same one.

A crawl keeps the pictures that its archive holds as evidence (`crawler.run`). This package reads each of them
once: text by RapidOCR (Latin, Chinese, Japanese) and Tesseract (other scripts), QR and bar codes by ZXing,
and a perceptual hash. Decoding and reading happen in a confined process (`crawler.pictures.worker`). The
package needs the extra `pictures`; without it pictures are kept and not read.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("rapidocr", "onnxruntime", "cv2", "zxingcpp", "imagehash", "PIL")
"""The packages without which no picture is read."""

PACKS = {
    "rus": "CYRILLIC", "ara": "ARABIC", "hin": "DEVANAGARI", "kor": "HANGUL", "tha": "THAI", "ell": "GREEK",
}  # fmt: skip
"""Tesseract's languages that are used where they are installed, with the Unicode name of their script."""

_FOLDERS = ("/usr/share/tesseract-ocr/*/tessdata", "/usr/share/tessdata", "/usr/local/share/tessdata")


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSettings:
    """How pictures are read; `cli/settings.py` reads these settings of the operator."""

    seconds: int = 60
    """Most processor time for one picture."""
    memory_mb: int = 2_000
    """Most additional memory for one picture."""
    megapixels: int = 50
    """Pictures with more pixels are not decoded."""


def missing_packages() -> list[str]:
    """Return the needed packages that are not installed."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def missing_packs() -> list[str]:
    """Return Tesseract's languages that are not installed; all if its binding is not."""
    if importlib.util.find_spec("tesserocr") is None:
        return list(PACKS)
    return [name for name in PACKS if not pack_file(name)]


def pack_file(language: str) -> Path | None:
    """Return the file of an installed language of Tesseract, or None."""
    found = (path for folder in _FOLDERS for path in Path("/").glob(f"{folder[1:]}/{language}.traineddata"))
    return next(found, None)
