"""Values that a reading of a text consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from classifier.gazetteer.substances import Substance

How = Literal["cas", "name", "abbreviation", "disguised"]
TradeKind = Literal[
    "quantity",
    "purity",
    "price_per_unit",
    "stealth",
    "customs_promise",
    "off_platform",
    "crypto",
    "destination",
    "controlled_hint",
    "code_number",
    "bare_code",
    "form",
    "name_withheld",
    "number_spoken",
    "listed_part",
    "unlisted_part",
    "spelled_letters",
    "no_papers",
    "stands_in",
    "insiders",
    "nickname",
    "riddle",
    "talk_customs",
    "talk_label",
    "talk_papers",
    "talk_ban",
    "talk_name",
    "talk_list",
    "talk_gone",
    "talk_route",
    "talk_special",
    "talk_cover",
    "talk_loss",
    "talk_buyer",
    "chemistry",
]

GoodsKind = Literal["everyday", "material", "about", "service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place where the text names a listed substance."""

    substance: Substance
    span: tuple[int, int]
    """Start and end in the original text, in characters."""
    how: How
    offered: bool
    """False when the surrounding words say that something else is for sale."""
    why_not: str
    """Empty when offered; otherwise a phrase for the reviewer, e.g. `after "free of"`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CasNumber:
    """A CAS Registry Number with a correct check digit."""

    number: str
    """With plain hyphens, e.g. `103-79-7`."""
    span: tuple[int, int]
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSignal:
    """A sign of how the seller trades."""

    kind: TradeKind
    span: tuple[int, int]
    text: str
    """The words as written in the text."""
    meant: tuple[str, ...] = ()
    """For a partial number, the listed numbers it may be, e.g. `100-52-7 Benzaldehyde`.

    Empty if it may be too many.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """Unlisted goods that the title openly sells."""

    kind: GoodsKind
    span: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All findings in one text; each tuple is in text order."""

    mentions: tuple[Mention, ...]
    cas_numbers: tuple[CasNumber, ...]
    trade: tuple[TradeSignal, ...]
    goods: tuple[Goods, ...] = ()
    """From the title only: the rest of a page names many things that are not for sale."""

    @property
    def offered(self) -> tuple[Mention, ...]:
        """The mentions whose context does not rule out an offer."""
        return tuple(m for m in self.mentions if m.offered)

    @property
    def is_empty(self) -> bool:
        """Whether the reading has no findings."""
        return not (self.mentions or self.cas_numbers or self.trade or self.goods)
