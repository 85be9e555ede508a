"""Structures of systematic (IUPAC) names that no database has, read by OPSIN.

Needs the optional extra `iupac` (the package py2opsin, which carries OPSIN) and a Java runtime. Each call
starts Java, which takes about a second: give it all names at once.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.errors import ModelError
from text.normalise import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SHORTEST, LONGEST = 8, 200
"""Characters of a name that is worth asking about."""
PIECE = re.compile(
    r"(?:meth|eth|prop|but|pent|hex|phen|benz|naphth|pyrid|piper|amin|nitr|chlor|brom|fluor|iod|hydroxy|oxy|keton"
    r"|carb|acet|thi|cyclo|imid|indol|anilin|sulf|phosph|oate|nitrile|amide)"
)
"""Two of which any systematic name of an organic compound has."""
LOCANT = re.compile(r"(?<![a-z])(?:\d+[a-z]?|[nos])['\"]*(?:,(?:\d+[a-z]?|[nos])['\"]*)*-")
"""Or one beside a place in the molecule, e.g. `1-`, `N-`, `3,4-`."""


class IupacMissing(ModelError):
    """What reads systematic names is not installed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Reading systematic names needs {what}, which is not there; install this project with its extra "
            '"iupac" and a Java runtime (Debian: default-jre-headless).'
        )


def looks_systematic(text: str) -> bool:
    """Say whether a text may be a systematic name, so that reading it is worth the second it takes."""
    folded = fold(text).text.strip()
    if not SHORTEST <= len(folded) <= LONGEST or not folded.isascii():
        return False
    pieces = len(PIECE.findall(folded))
    return pieces > 1 or (pieces == 1 and LOCANT.search(folded) is not None)


def smiles_of(names: Sequence[str]) -> list[str]:
    """Return the structure of each systematic name as SMILES, empty where it is none that OPSIN understands.

    Raises:
        IupacMissing: If py2opsin or Java is not installed.
    """
    read = _opsin()
    asked = [" ".join(name.split()) if name.isascii() else fold(name).text for name in names]
    with tempfile.TemporaryDirectory(prefix="precursor-watch-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of each name that it does not understand
        found = read([name or "-" for name in asked], tmp_fpath=str(Path(folder) / "names.txt"))
    return [structure or "" for structure in found] if isinstance(found, list) else [""] * len(asked)


def _opsin() -> Callable[..., object]:
    if shutil.which("java") is None:
        raise IupacMissing("Java")
    try:
        from py2opsin import py2opsin
    except ImportError as error:
        raise IupacMissing("the package py2opsin") from error
    read: Callable[..., object] = py2opsin
    return read
