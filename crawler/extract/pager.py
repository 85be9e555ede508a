"""Finds the link to the next page of a list."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.extract.lines import squeeze
from crawler.extract.names import name_test

if TYPE_CHECKING:
    from lxml import etree

    from crawler.extract.document import Document

_NEXT_WORDS = (
    r"next(?: page| ›| »| >)?|siguiente|página siguiente|siguientes|próxim[oa]|"
    r"próxima página|seguinte|"
    r"suivante?|page suivante|nächste(?: seite)?|weiter|vor|след\.?|следующая(?: страница)?|далее|"
    r"вперед|вперёд|下一页|下页|"
    r"下一頁|次へ|次のページ|다음|volgende|næste|nästa|neste|dalej|następna|další|avanti|"
    r"(?:pagina )?successiv[ao]|"
    r"następny|sonraki"
)
_NEXT = re.compile(rf"[\s(\[]*(?:{_NEXT_WORDS})[\s)\]›»>→…▶]*|[›»→▶]|>{{1,2}}|&gt;", re.IGNORECASE)
_is_next_name = name_test(
    r"(?:^|[\s_-])(?:next|siguiente|suivant|proxima|sig|pagenavnext)(?:$|[\s_-])|pagination[-_]?next|"
    r"next[-_]?page|page[-_]next|nextlink|arrow[-_]?right(?=.*pag)"
)
_is_next_block_name = name_test(
    r"(?:nav|page|pager|pagination)[-_]?next(?:$|\s)|next[-_]?(?:page|link)(?:$|\s)"
)
_is_previous_name = name_test(r"prev(?!iew)|first|last(?!-?child)|anterior|zurueck")
_is_current_name = name_test(r"(?:^|[\s_-])(?:active|current|selected)(?:$|[\s_-])")
_ANOTHER_RELATION = frozenset({"prev", "previous", "start", "first", "last"})
_EVERYTHING = re.compile(
    r"(?:show|view|see) all|alle(?:s)? (?:an)?zeigen|ver todo|tudo|tout (?:voir|afficher)|"
    r"voir tout|показать вс[её]|wszystk|全部",
    re.IGNORECASE,
)
# Calendars go on for ever, and lead to no listing.
_CALENDAR = re.compile(r"calendar|[?&](?:week|month|mini|day|year)=", re.IGNORECASE)
_is_not_pager_name = name_test(
    r"calendar|slid|carousel|swiper|gallery|photo|month|post[-_]nav|testimonial|thread"
)
_LONGEST_NEXT = 40
_LONGEST_EVERYTHING = 200
"""Characters of a link's text that are looked at and remembered: a hostile page must not fill the memory."""
_MOST_DIGITS = 5


def next_page(document: Document) -> str | None:
    """Finds the next page.

    In order: a link marked `rel=next`; one that says *next* in words, arrows or its name; the number after
    the current one in a pager; what the page's head gives as next, which may be stale. Of pages that are
    called *older* and *newer*, the one is next that the site itself names so.

    Args:
        document: The page.

    Returns:
        Absolute URL, or None on the last page and on pages that are no lists.
    """
    links = [link for link in document.root.iter("a") if link.get("href") and not _leads_elsewhere(link)]
    for link in links:
        if link.get("rel") and "next" in _relations(link) and (url := _other_page(link, document)):
            return url
    for says_next in (_says_next, _is_named_next):
        for link in links:
            if says_next(link) and not _is_not_paging(link) and (url := _other_page(link, document)):
                return url
    if numbered := _number_after_current(document):
        return numbered
    heads = (link for link in document.root.iter("link") if "next" in _relations(link))
    return next((url for link in heads if (url := _other_page(link, document))), None)


def is_paged(document: Document) -> bool:
    """Tells whether the page is one of several of a list: it links to numbered pages in a row."""
    numbers = []
    for link in document.root.iter("a"):
        text = squeeze(link.text or "")
        if _is_page_number(text) and link.get("href"):
            numbers.append(int(text))
    return any(following - number == 1 for number, following in itertools.pairwise(numbers))


def _is_page_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _MOST_DIGITS


def _relations(link: etree._Element) -> list[str]:
    return (link.get("rel") or "").lower().split()


def _leads_elsewhere(link: etree._Element) -> bool:
    """Whether a link goes back, to all pages in one, or through a calendar."""
    if link.get("rel") and not _ANOTHER_RELATION.isdisjoint(_relations(link)):
        return True
    shown = (link.text or "")[:_LONGEST_EVERYTHING]
    return _CALENDAR.search(link.get("href") or "") is not None or _says_everything(shown)


@lru_cache(maxsize=16384)  # as `_is_next`
def _says_everything(text: str) -> bool:
    return _EVERYTHING.search(text) is not None


def _other_page(link: etree._Element, document: Document) -> str:
    url = document.absolute(link.get("href") or "")
    return url if url != document.url else ""


def _says_next(link: etree._Element) -> bool:
    shown = squeeze("".join(link.itertext()) if len(link) else link.text or "")
    said = (shown, link.get("aria-label"), link.get("title"))
    return any(text and len(text) <= _LONGEST_NEXT and _is_next(text) for text in said)


@lru_cache(maxsize=16384)  # menus are the same on all pages of a site
def _is_next(text: str) -> bool:
    return _NEXT.fullmatch(text) is not None


def _is_named_next(link: etree._Element) -> bool:
    parent = link.getparent()
    own = f"{link.get('class') or ''} {link.get('id') or ''}"
    parents = (parent.get("class") or "") if parent is not None else ""
    if _is_next_name(own):
        return not _is_previous_name(own)
    is_item = parent is not None and parent.tag in {"li", "span"}
    is_next = _is_next_name(parents) if is_item else _is_next_block_name(parents)
    return is_next and not _is_previous_name(parents)


def _is_not_paging(link: etree._Element) -> bool:
    current: etree._Element | None = link
    for _ in range(5):
        if current is None:
            return False
        if _is_not_pager_name(
            f"{current.get('class') or ''} {current.get('id') or ''} {current.get('rel') or ''}"
        ):
            return True
        current = current.getparent()
    return False


def _number_after_current(document: Document) -> str | None:
    """Finds a pager: numbered links with one number between them that is no link to another page."""
    for link in document.root.iter("a"):
        number = squeeze(link.text or "")
        if not _is_page_number(number) or int(number) < 2 or not link.get("href"):
            continue
        previous = _text_before(link)
        if previous != str(int(number) - 1) or _is_not_paging(link):
            continue
        if url := _other_page(link, document):
            return url
    return None


def _text_before(link: etree._Element) -> str:
    """Returns what stands before a link in its pager, when that is no link itself."""
    current = link
    for _ in range(2):
        before = current.getprevious()
        if before is not None:
            if tail := squeeze(before.tail or ""):
                return tail.strip("|[] ·")
            anchors = [before, *before.iter("a")]
            if any(_is_link_to_page(each) for each in anchors):
                return ""
            return squeeze("".join(before.itertext()))
        parent = current.getparent()
        if parent is None:
            return ""
        if text := squeeze(parent.text or ""):
            return text.strip("|[] ·")
        current = parent
    return ""


def _is_link_to_page(element: etree._Element) -> bool:
    """Whether an element links to a page other than the one that a pager marks as the current."""
    is_link = element.tag == "a" and (element.get("href") or "#") not in {"#", ""}
    return is_link and not _is_current_name(element.get("class") or "")
