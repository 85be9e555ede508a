"""Tests on the names (class, id) that page authors give to elements."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def name_test(pattern: str) -> Callable[[str], bool]:
    """Makes a test for names, without regard to case, that remembers its answers.

    Names repeat within and across the pages of a site; searching each again is what reading costs most.

    Args:
        pattern: A regular expression, found anywhere in a name.
    """
    compiled = re.compile(pattern, re.IGNORECASE)

    @lru_cache(maxsize=16384)
    def test(name: str) -> bool:
        return compiled.search(name) is not None

    return test
