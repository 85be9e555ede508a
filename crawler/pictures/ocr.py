"""Read the lines of text in a picture: RapidOCR finds them, and the reader that is surest of each reads it.

PP-OCRv6-small reads Latin, Chinese and Japanese. It drops letters of other scripts or takes them for Latin
ones, with low confidence; such lines go to Tesseract, in the language that is surest of the largest of them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import cache
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np

from crawler.pictures import PACKS, missing_packs, pack_file
from store.crawl.pictures import PictureLine

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from store.crawl.pictures import Box

SURE = 0.9
"""Confidence from which a line of RapidOCR counts without asking Tesseract; chosen, not measured."""
SURE_OTHER = 0.5
"""Confidence from which a line of Tesseract counts."""
SURE_SCRIPT = 0.3
"""Confidence from which a language counts, and from which a line in its script replaces a poor one."""
TRIED = 3
"""Lines in which each language is tried."""
_EDGE = 12
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class LineReader:
    """The loaded readers. Loading opens files; reading opens none."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
        self._rapid = RapidOCR(params={**threads, "Global.log_level": "critical"})
        self._others = {name: _tesseract(name) for name in PACKS if name not in missing_packs()}

    def read(self, picture: Image) -> tuple[list[PictureLine], int]:
        """Return the lines from top to bottom, and the number of lines that no reader here can read.

        Args:
            picture: In the mode RGB.
        """
        pixels = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])  # blue first, as OpenCV has it
        found: Any = self._rapid(pixels, use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return [], 0
        crops = self._rapid.crop_text_regions(pixels, found.boxes)
        turned, _ = self._rapid.cls_and_rotate(list(crops))
        read = self._rapid.recognize_txt(turned)
        lines = [
            PictureLine(
                text=text.strip(), box=_box(corners, picture), confidence=float(sure), reader="rapidocr"
            )
            for text, sure, corners in zip(read.txts or (), read.scores or (), found.boxes, strict=True)
        ]
        doubtful = {
            index: crops[index]  # for its script RapidOCR cannot tell which way it is up
            for index, line in enumerate(lines)
            if not line.text or line.confidence < SURE
        }
        language = self._language_of(list(doubtful.values()))
        unread = 0
        for index, crop in doubtful.items():
            line = lines[index]
            text, sure = self._other(crop, language) if language else ("", 0.0)
            in_script = language and _share(text, PACKS[language]) > 0.5
            least = SURE_SCRIPT if in_script and not _is_plain(line) else max(SURE_OTHER, line.confidence)
            if sure > least:
                lines[index] = replace(line, text=text, confidence=sure, reader=f"tesseract {language}")
            elif not _is_plain(line):
                unread += _is_line(crop)
                lines[index] = replace(line, text="")
        return [line for line in lines if line.text], unread

    def warm_up(self, picture: Image) -> None:
        """Have every reader read a line, so that all that they load late is loaded."""
        pixels = np.ascontiguousarray(np.asarray(picture))
        for language in self._others:
            self._other(pixels, language)
        self._rapid.cls_and_rotate([pixels])

    def _language_of(self, crops: list[NDArray[np.uint8]]) -> str:
        """Return the language in whose script the largest doubtful lines are read most surely, or ''.

        A language that reads another's script can be sure of some line, in letters mixed with signs and
        digits. So each line counts, and only with the share of its characters that are letters of the script.
        """
        largest = sorted(crops, key=lambda crop: -crop.size)[:TRIED]
        if not largest:
            return ""
        sure = {
            language: mean(
                sure * _share(text, PACKS[language])
                for text, sure in (self._other(crop, language) for crop in largest)
            )
            for language in self._others
        }
        best = max(sure, key=sure.__getitem__, default="")
        return best if best and sure[best] > SURE_SCRIPT else ""

    def _other(self, crop: NDArray[np.uint8], language: str) -> tuple[str, float]:
        """Return text and confidence of one line as Tesseract reads it."""
        from tesserocr import PSM

        reader = self._others[language]
        for mode, height in ((PSM.SINGLE_LINE, 40), (PSM.RAW_LINE, 80)):  # the first finds little Arabic
            line = _for_tesseract(crop, height)
            reader.SetPageSegMode(mode)
            reader.SetImageBytes(line.tobytes(), line.shape[1], line.shape[0], 1, line.shape[1])
            words = _DIRECTION.sub("", reader.GetUTF8Text()).split()
            if text := " ".join(word for word in words if re.search(r"\w", word)):
                return unicodedata.normalize("NFC", text), reader.MeanTextConf() / 100
        return "", 0.0


def _tesseract(language: str) -> Any:
    from tesserocr import OEM, PyTessBaseAPI

    path = pack_file(language)
    assert path is not None
    latin = "+eng" if language != "ara" and (path.parent / "eng.traineddata").exists() else ""
    return PyTessBaseAPI(path=f"{path.parent}/", lang=f"{language}{latin}", oem=OEM.LSTM_ONLY)


def _for_tesseract(crop: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """Return a line in grey, dark on light, of a given height in pixels, with an edge around it."""
    import cv2

    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    scale = height / grey.shape[0]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    grey = cv2.resize(grey, (max(1, round(grey.shape[1] * scale)), height), interpolation=how)
    if np.median(grey) < (int(grey.min()) + int(grey.max())) / 2:
        grey = 255 - grey
    ground = int(np.median(grey))
    edged = cv2.copyMakeBorder(grey, _EDGE, _EDGE, _EDGE, _EDGE, cv2.BORDER_CONSTANT, value=[ground])
    return np.ascontiguousarray(edged, dtype=np.uint8)


def _box(corners: NDArray[np.float32], picture: Image) -> Box:
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    shares = (left / picture.width, top / picture.height)
    sizes = ((right - left) / picture.width, (bottom - top) / picture.height)
    x, y, width, height = (round(min(1.0, max(0.0, float(each))), 4) for each in (*shares, *sizes))
    return x, y, width, height


def _is_plain(line: PictureLine) -> bool:
    """Return whether a doubtful line is good enough: most of it is read, in a script that RapidOCR reads."""
    return line.confidence >= 0.75 and len(re.findall(r"\w", line.text)) >= 3


def _is_line(crop: NDArray[np.uint8]) -> bool:
    """Return whether a box is more likely a line of text than a speck or an ornament."""
    height, width = crop.shape[:2]
    return bool(height >= 12 and width >= 1.5 * height)


def _share(text: str, script: str) -> float:
    """Return the share of the characters of a text that are letters of a script; 0 for less than three."""
    letters = sum(unicodedata.category(each)[0] in "LM" and _script(each) == script for each in text)
    return letters / len("".join(text.split())) if letters > 2 else 0.0


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]
