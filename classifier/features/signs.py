"""Signs of trade put together: what stands near what, and what it then means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from classifier.reading import Reading, TradeSign

EVASIVE = frozenset(
    {
        "stealth",
        "customs_promise",
        "off_platform",
        "crypto",
        "controlled_hint",
        "talk_customs",
        "talk_label",
        "talk_route",
        "talk_cover",
        "talk_loss",
    }
)
"""Trade signs of a seller who expects trouble; common among sellers of other forbidden goods too."""

CHEMICAL = frozenset({"purity", "code_number", "price_per_unit"})
"""Trade signs that something is sold by weight and grade."""

WITHHELD = frozenset(
    {
        "name_withheld",
        "number_spoken",
        "listed_part",
        "spelled_letters",
        "talk_name",
        "talk_list",
        "bare_code",
        "nickname",
        "riddle",
        "insiders",
    }
)
"""Trade signs that what is sold is kept from being read or searched for."""

UNDECLARED = frozenset({"no_papers", "stands_in", "talk_papers", "talk_ban", "talk_gone", "talk_buyer"})
"""Trade signs that the law or the border is talked of as something to get past."""

TELLING = CHEMICAL | WITHHELD | UNDECLARED | EVASIVE

LEAD = 300
"""Characters in which an offer says what it is about."""

MOST_FORMS = 40
"""Forms of one text that are looked at, so that a hostile one cannot make the work grow with its square."""

MOST_WAYS = 4
"""Ways of hiding that are counted: a long text that talks of everything hides no more than this."""

NEAR = 240
"""Characters between a chemical form and what makes it one: further apart they belong to different things."""


def is_chemical_form(text: str, reading: Reading) -> float:
    """Say whether something chemical by its form is on sale.

    A form counts in the title, or near a purity, a price by weight or a sign that something is kept back,
    and only where nothing else is named for sale: powder and crystals are words of every shop.
    """
    return not reading.goods and any(
        sign.kind == "form" and (sign.span[0] < title_end(text) or near(sign, reading, TELLING))
        for sign in reading.trade
    )


def hides_without_a_name(_text: str, reading: Reading) -> float:
    """Count the ways in which a text hides something, where nothing at all is named for sale."""
    if reading.mentions or reading.goods or reading.cas_numbers:
        return 0.0
    return min(MOST_WAYS, len(kinds_of(reading) & (WITHHELD | UNDECLARED | EVASIVE)))


def unnamed_form(others: frozenset[str]) -> Callable[[str, Reading], float]:
    """Return what counts the signs of `others` near a chemical form, where nothing is named for sale."""

    def count(_text: str, reading: Reading) -> float:
        if reading.offered or reading.goods:
            return 0.0
        forms = [sign for sign in reading.trade if sign.kind in {"form", "chemistry"}]
        return max((len(near(form, reading, others)) for form in forms[:MOST_FORMS]), default=0)

    return count


def talks_of_chemistry(_text: str, reading: Reading) -> float:
    """Say whether a text that names nothing else for sale soon talks of chemistry."""
    return not reading.goods and any(
        sign.kind == "chemistry" and sign.span[0] < LEAD for sign in reading.trade
    )


def near(sign: TradeSign, reading: Reading, kinds: frozenset[str]) -> set[str]:
    """Return the kinds of trade signs near one, of those that are asked for."""
    return {
        other.kind
        for other in reading.trade
        if other.kind in kinds and other.span[0] - sign.span[1] < NEAR and sign.span[0] - other.span[1] < NEAR
    }


def kinds_of(reading: Reading) -> set[str]:
    """Return the kinds of trade signs of a text."""
    return {sign.kind for sign in reading.trade}


def title_end(text: str) -> int:
    """Return where the first line ends."""
    return text.find("\n") if "\n" in text else len(text)
