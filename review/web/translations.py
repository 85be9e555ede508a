"""The words of the pages for the codes of the store, in the language of the page."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from review.web.languages import N_, gettext, ngettext
from store.messages import spoken_age
from store.model import (
    Change,
    Decision,
    DigestResult,
    PageOutcome,
    ReasonCode,
    RunKind,
    in_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from enum import StrEnum
    from typing import BinaryIO

    from store.model import Term

WORDS = Path(__file__).with_name("words.toml")
NAMES = "contact_names"
"""Its table of names that are the same in every language."""
TEXTS = {"words", "hint", "title", "text"}
"""Keys of entries of its lists that are texts for people."""


@cache
def word_tables() -> dict[str, Any]:
    """Return `words.toml`: tables of English words by code, and lists of what has more than one text."""
    tables = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    tables["contact_kinds"] |= tables.pop(NAMES)
    return tables


def word(table: str, code: str, default: str | None = None) -> str:
    """Return the word for a code in a table of `words.toml`, in the page's language; or else the default."""
    words = word_tables()[table]
    return gettext(words[code]) if default is None or code in words else default


def words_for_catalogues(
    file: BinaryIO, *_settings: object, **_options: object
) -> Iterator[tuple[int, None, str, list[str]]]:
    """Yield every word of `words.toml` as Babel wants it; `review/locale/babel.cfg` names this function."""
    for name, table in tomllib.load(file).items():
        if name == NAMES:
            continue
        for each in table if isinstance(table, list) else table.values():
            texts = [each[key] for key in TEXTS & each.keys()] if isinstance(each, dict) else [each]
            yield from ((0, None, text, []) for text in sorted(texts))


def decision_words(decision: Decision) -> str:
    """Return the button text of a decision."""
    return gettext(_choices("decisions")[decision])


def reason_words(reason: ReasonCode | None) -> str:
    """Return the button text of a reason; empty for none."""
    return "" if reason is None else gettext(_choices("reasons")[reason])


@cache
def _choices(name: str) -> dict[str, str]:
    return {each["value"]: each["words"] for each in word_tables()[name]} | {Decision.UNDONE: N_("Undone")}


def tier_words(tier: int | None) -> str:
    """Return the meaning of a tier; empty for none."""
    return "" if tier is None else word("tiers", str(tier), f"tier {tier}")


def language_tag(code: str) -> str:
    """Return a language code fit for a `lang` attribute; empty, which says unknown, for anything else."""
    return code if re.fullmatch("[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", code) else ""


def outcome_words(outcome: str) -> str:
    """Return the outcome of a page in words."""
    return word("counted", outcome)


def standing_words(standing: str) -> str:
    """Return the words for the state of a run."""
    return word("standings", standing, standing)


def age(then: datetime, now: datetime) -> str:
    """Return how long ago a time is, in its largest whole unit, e.g. `3 h`."""
    return spoken_age(now - then)


def defang(url: str) -> str:
    """Return an address that can be read but not followed, e.g. `hxxps://shop[.]example/item/7`."""
    try:
        host = urlsplit(url).netloc
    except ValueError:
        host = ""
    if not host:
        return url.replace(":", "[:]", 1).replace(".", "[.]")
    return url.replace(host, host.replace(".", "[.]"), 1).replace("http", "hxxp", 1)


def law_words(cited: str) -> str:
    """Return a citation of the law in the page's language, e.g. `UN 1988 Convention, Table I since 2014`."""
    return _law_pattern().sub(lambda found: gettext(found.group()), cited)


@cache
def _law_pattern() -> re.Pattern[str]:
    words = sorted(word_tables()["law"], key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in words))


def run_words(kind: str, sentence: str, counts: Mapping[str, int]) -> str:
    """Return how a run ended, drawn from its counts; without counts, the English sentence as stored."""
    if kind == RunKind.CRAWL and "pages" in counts:
        pages = ngettext("%(num)s page (%(met)s)", "%(num)s pages (%(met)s)", counts["pages"])
        said = gettext("%(pages)s; listings: %(read)s.") % {
            "pages": pages % {"num": f"{counts['pages']:,}", "met": _counted(PageOutcome, counts)},
            "read": _counted(Change, counts),
        }
        return " ".join([said, *_digest_words(counts)])
    if kind == RunKind.SCORE and "scored" in counts:
        said = gettext("%(scored)s scored, %(flagged)s flagged.") % {
            "scored": f"{counts['scored']:,}",
            "flagged": f"{counts.get('flagged', 0):,}",
        }
        if named := counts.get("office_terms", 0):
            found = ngettext(
                "Office terms were found %(num)s time.",
                "Office terms were found %(num)s times.",
                named,
            )
            said += " " + found % {"num": f"{named:,}"}
        return said
    return sentence


def _digest_words(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield a sentence on the pages that differ from a stated digest, and on those that were not compared."""
    if count := counts.get(f"digest_{DigestResult.MISMATCH}", 0):
        yield ngettext(
            "The bytes of %(num)s page do not match the digest that the archive states.",
            "The bytes of %(num)s pages do not match the digest that the archive states.",
            count,
        ) % {"num": f"{count:,}"}
    if count := counts.get(f"digest_{DigestResult.UNCHECKED}", 0):
        yield ngettext(
            "The stated digest of %(num)s page could not be compared.",
            "The stated digests of %(num)s pages could not be compared.",
            count,
        ) % {"num": f"{count:,}"}


def term_words(term: Term) -> str:
    """Return the value of a term of an offer; empty if the term was not understood."""
    words = word_tables()["term_values"].get(term.value)
    return in_words(replace(term, value=gettext(words)) if words else term)


def narrowing_words(name: str) -> str:
    """Return the name of a filter."""
    return word("narrowings", name)


def chosen_words(value: object, name: str) -> str:
    """Return the chosen value of a filter."""
    tables = word_tables()
    chosen = {
        "state": tables["states"], "family": tables["families"], "kind": tables["kinds"],
        "notice": tables["notices"], "sort": tables["sorts"], "decision": _choices("decisions"),
        "changed": {"1": N_("yes")},
    }.get(name, {})  # fmt: skip
    kind, _, code = str(value).partition(":")
    if name == "notice" and kind in chosen and code:
        return f"{gettext(chosen[kind])}: {code}"
    return gettext(chosen[str(value)]) if str(value) in chosen else str(value)


def _counted(kinds: type[StrEnum], counts: Mapping[str, int]) -> str:
    """Return counts in words, e.g. `5 lists, 45 with a listing`."""
    found = [f"{counts[kind]:,} {word('counted', kind)}" for kind in kinds if counts.get(kind)]
    return ", ".join(found) or gettext("none")
