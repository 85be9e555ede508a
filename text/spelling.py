"""The form in which labels are compared."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=8192)
def spelling(text: str) -> str:
    """Bring a label to the form in which labels are compared: no case, accents or final punctuation."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.split()).rstrip(" :.：*?").replace("（", "(")
