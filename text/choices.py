"""One short notation for many spellings: `{a|b} c` stands for `a c` and `b c`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

INNERMOST = re.compile(r"\{([^{}]*)\}")


def alternatives(text: str) -> Iterator[str]:
    """Yield `text` once for each choice in its braces, which may nest; choices may repeat."""
    choice = INNERMOST.search(text)
    if choice is None:
        yield text
        return
    for part in choice[1].split("|"):
        yield from alternatives(text[: choice.start()] + part + text[choice.end() :])
