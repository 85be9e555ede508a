"""What a keyword screen does: the names and CAS numbers of the law, looked for as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ahocorasick_rs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifier.gazetteer import Gazetteer

SHORTEST = 4
"""Letters of a name from which a screen can look for it."""


def plain_match(texts: Sequence[str], gazetteer: Gazetteer) -> NDArray[np.float64]:
    """Return how many characters of listed names and numbers stand in each text, whatever stands around them.

    Returns:
        float64 of shape (len(texts),); the longest match's length, so that a screen's hits have an order.
    """
    names = {name.text.lower() for each in gazetteer.substances for name in each.names if not name.context}
    wanted = sorted({name for name in names if len(name) >= SHORTEST} | set(gazetteer.by_cas))
    automaton = ahocorasick_rs.AhoCorasick(wanted)
    return np.array(
        [
            max(
                (end - start for _name, start, end in automaton.find_matches_as_indexes(text.lower())),
                default=0,
            )
            for text in texts
        ],
        dtype=np.float64,
    )
