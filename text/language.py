"""Detect the language of a page from its script, its declaration or its words, in this order."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from text.phrases import languages

if TYPE_CHECKING:
    from lxml import etree
    from py3langid.langid import LanguageIdentifier

_CODE = re.compile(r"[A-Za-z]{2}(?=$|[-_])")
_HAN = re.compile("[\u4e00-\u9fff]")
_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7af]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LETTERS = re.compile(r"[^\W\d_]+")
_BOKMAL, _NORWEGIAN = "nb", "no"
"""The lexicon's code and the identifier's for the same language."""
_SAMPLE_CHARACTERS = 800
_FEWEST_LETTERS = 40


def declared_language(root: etree._Element, meta: dict[str, str]) -> str:
    """Return the language that a page declares, as an ISO 639-1 code, or an empty string."""
    html = root if root.tag == "html" else None
    candidates = [
        *(
            [html.get("lang"), html.get("{http://www.w3.org/XML/1998/namespace}lang")]
            if html is not None
            else []
        ),
        meta.get("content-language"),
        meta.get("og:locale"),
    ]
    for candidate in candidates:
        if candidate and (code := _CODE.match(candidate.strip())):
            return code[0].lower()
    return ""


def language_of(text: str, declared: str) -> str:
    """Return the language of a listing's text as an ISO 639-1 code; empty if the text is too short.

    The script of a single language outweighs the declaration, since templates often declare `en`.
    """
    sample = text[:_SAMPLE_CHARACTERS]
    letters = sum(map(len, _LETTERS.findall(sample)))
    if by_script := _language_of_script(sample, letters, declared):
        return by_script
    if declared:
        return declared
    if letters < _FEWEST_LETTERS:
        return ""
    code = str(_identifier().classify(sample)[0])
    return _BOKMAL if code == _NORWEGIAN else code


def _language_of_script(sample: str, letters: int, declared: str) -> str:
    if not letters or sample.isascii():
        return ""
    if len(_HANGUL.findall(sample)) * 3 > letters:
        return "ko"
    if len(_KANA.findall(sample)) * 5 > letters:
        return "ja"
    if len(_HAN.findall(sample)) * 3 > letters:
        return declared if declared in {"zh", "ja"} else "zh"
    if len(_CYRILLIC.findall(sample)) * 2 > letters:
        return declared if declared in {"ru", "uk", "be", "bg", "kk", "sr", "mk"} else "ru"
    return ""


@cache
def _identifier() -> LanguageIdentifier:
    # Loaded on demand: loading takes a third of a second, and most pages declare their language.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages([_NORWEGIAN if code == _BOKMAL else code for code in languages()])
    return identifier
