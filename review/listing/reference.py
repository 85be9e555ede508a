"""What the app shows and does not compute: the law of a substance, its names, and pages as they are kept.

The app knows neither gazetteer nor crawler; whoever builds it hands both in (`cli/serve.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class LawEntry:
    """One line of one list of one law."""

    substance: str
    instrument: str
    list_name: str
    since: str
    """When it came into force, as the source says."""
    code: str
    source: str
    """Where the entry was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """A page as it is kept."""

    html: str
    """Decoded as the crawler decodes it; hostile."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is looked up elsewhere."""

    law: Callable[[Iterable[str]], list[LawEntry]] = lambda _: []
    """The entries of substances, given by name."""
    page: Callable[[Database, int], KeptPage | None] = lambda _, __: None
    """The kept page of a page id; None when its bytes are not kept."""
    names: Callable[[str], Mapping[str, str]] = lambda _: {}
    """Of the words of a search, or all of them together, those that name a substance (by a synonym, by a CAS
    number), and its name as scores have it."""
    evidence: Path | None = None
    """The folder of WARC files."""


NO_REFERENCE = Reference()
