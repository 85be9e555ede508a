"""Listed substances that a title names by a systematic name which is not among the gazetteer's.

Off unless the gazetteer asks for it: the names are read by OPSIN (extra `iupac`, needs Java) and their
structures held against the list (extra `chemistry`), some seconds for each batch in which there is one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from classifier.gazetteer.iupac import looks_systematic, smiles_of
from classifier.reading import Mention
from classifier.reading.offers import why_not_offered
from text.normalise import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from classifier.gazetteer import Gazetteer, Substance
    from classifier.reading import Reading

WORD = re.compile(r"[^\s;|/]+")
EDGES = ".,:;!?\"'"
SHORTEST = 12
"""Characters of a name worth the time; shorter ones are in the gazetteer."""
MOST_WORDS = 3
"""Words of the longest name asked about, as in `N-phenyl propanoic amide`."""
MOST_NAMES = 6
"""Names asked about in one title."""
KEPT = 65_536
"""Names whose substance, or the lack of one, is kept in memory."""


def with_systematic_names(
    texts: Sequence[str], readings: Sequence[Reading], gazetteer: Gazetteer
) -> list[Reading]:
    """Return the readings, with what systematic names in the titles of texts that name nothing else mean.

    Args:
        texts: As they were read.
        readings: One of each.
        gazetteer: What they were read against.

    Raises:
        IupacMissing: If py2opsin or Java is not installed.
        ChemistryMissing: If RDKit is not installed.
    """
    found = list(readings)
    asked = {
        index: list(_names_in(text.partition("\n")[0]))
        for index, text in enumerate(texts)
        if not readings[index].mentions
    }
    meant = _substances({name for names in asked.values() for name, _span in names}, gazetteer)
    for index, names in asked.items():
        for name, span in names:
            if substance := meant.get(name):
                found[index] = replace(found[index], mentions=(_mention(texts[index], span, substance),))
                break
    return found


def _names_in(title: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield stretches of up to three words that sound like a systematic name, the longest first."""
    words = [found.span() for found in WORD.finditer(title)]
    stretches = [
        (words[first][0], words[first + many - 1][1])
        for many in range(MOST_WORDS, 0, -1)
        for first in range(len(words) - many + 1)
    ]
    count = 0
    for start, end in stretches:
        name = title[start:end].strip(EDGES)
        if len(name) >= SHORTEST and count < MOST_NAMES and looks_systematic(name):
            count += 1
            begin = title.index(name, start)
            yield name, (begin, begin + len(name))


def _substances(names: set[str], gazetteer: Gazetteer) -> dict[str, Substance | None]:
    from classifier.gazetteer.compounds import Compound

    known = _known_to(gazetteer)
    if len(known) > KEPT:
        known.clear()
    fresh = sorted(names - known.keys())
    for name, smiles in zip(fresh, smiles_of(fresh) if fresh else [], strict=True):
        listed = Compound(name=name, smiles=smiles).listed_in(gazetteer) if smiles else {}
        known[name] = next((substance for substance, _ in listed.values()), None)
    return known


@lru_cache(maxsize=8)
def _known_to(_gazetteer: Gazetteer) -> dict[str, Substance | None]:
    """Return what is kept of a gazetteer, to be filled."""
    return {}


def _mention(text: str, span: tuple[int, int], substance: Substance) -> Mention:
    title = text.partition("\n")[0]
    before, name, after = (fold(part).text for part in (text[: span[0]], text[slice(*span)], text[span[1] :]))
    start = len(before)
    why_not = why_not_offered(before + name + after, start, start + len(name), title=fold(title).text)
    return Mention(substance=substance, span=span, how="name", offered=not why_not, why_not=why_not)
