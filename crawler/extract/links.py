"""Classify a page's links: next page of a list, pages worth following, and the page's own address."""

from __future__ import annotations

import itertools
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from crawler.extract.document import registrable_host
from crawler.extract.elements import name_test, squeeze
from crawler.extract.offer import ID_PARAMETERS
from store.crawl.identity import canonical_url
from text.page_words import mentions, phrases_anywhere, spelling, spellings

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from lxml import etree

    from crawler.extract.document import Document

_ARROWS = "›»>→…▶"
_BARE_ARROWS = frozenset({"›", "»", "→", "▶", ">", ">>", "&gt;"})
_is_next_name = name_test(r"pagination[-_]?next|next[-_]?page|page[-_]next|nextlink|arrow[-_]?right(?=.*pag)")
_is_next_block_name = name_test(
    r"(?:nav|page|pager|pagination)[-_]?next(?:$|\s)|next[-_]?(?:page|link)(?:$|\s)"
)
_is_previous_name = name_test(r"prev(?!iew)|first|last(?!-?child)", "previous")
_is_current_name = name_test(r"(?:^|[\s_-])(?:active|current|selected)(?:$|[\s_-])")
_ANOTHER_RELATION = frozenset({"prev", "previous", "start", "first", "last"})
_is_not_pager_name = name_test("", "not_pager")
_LONGEST_NEXT = 40
_LONGEST_EVERYTHING = 200
"""Characters of a link's text that are checked and cached, so a hostile page cannot fill the memory."""
_MOST_DIGITS = 5
_NO_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|pdf|zip|docx?|xlsx?|mp4|xml|rss|exe)$", re.IGNORECASE
)
_MOST_LINKS = 2000
_ITEM_NUMBER = re.compile(r"\d{5,}")
_DISTINCTIVE = re.compile(r"[\d_-]")


def next_page(document: Document) -> str | None:
    """Return the absolute URL of a list's next page; None on the last page and on pages that are not lists.

    The first match counts: a link marked `rel=next`; a link with the word *next*, an arrow or such a name;
    the number after the current one in a pager; the next page in `<head>`, which may be stale. Between
    *older* and *newer* pages, the site's own naming decides which is next.
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
    """Return whether the page belongs to a paged list: it links to consecutive page numbers."""
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
    """Return whether a link leads back, to all pages in one, or into a calendar."""
    if link.get("rel") and not _ANOTHER_RELATION.isdisjoint(_relations(link)):
        return True
    shown = (link.text or "")[:_LONGEST_EVERYTHING]
    return _calendar().search(link.get("href") or "") is not None or _says_everything(shown)


@lru_cache(maxsize=16384)  # menus are the same on all pages of a site
def _says_everything(text: str) -> bool:
    return mentions(text, "pagination.everything")


def _other_page(link: etree._Element, document: Document) -> str:
    url = document.absolute(link.get("href") or "")
    return url if url != document.url else ""


def _says_next(link: etree._Element) -> bool:
    shown = squeeze("".join(link.itertext()) if len(link) else link.text or "")
    said = (shown, link.get("aria-label"), link.get("title"))
    return any(text and len(text) <= _LONGEST_NEXT and _is_next(text) for text in said)


@lru_cache(maxsize=16384)  # menus are the same on all pages of a site
def _is_next(text: str) -> bool:
    words = text.lstrip(" ([").rstrip(f" )]{_ARROWS}")
    return spelling(words) in spellings("pagination.next") or text in _BARE_ARROWS


def _is_named_next(link: etree._Element) -> bool:
    parent = link.getparent()
    own = f"{link.get('class') or ''} {link.get('id') or ''}"
    parents = (parent.get("class") or "") if parent is not None else ""
    if _is_next_name(own) or _is_called_next(own):
        return not _is_previous_name(own)
    is_item = parent is not None and parent.tag in {"li", "span"}
    is_next = (
        (_is_next_name(parents) or _is_called_next(parents)) if is_item else _is_next_block_name(parents)
    )
    return is_next and not _is_previous_name(parents)


def _is_called_next(names: str) -> bool:
    return not spellings("element_names.next").isdisjoint(re.split(r"[\s_-]+", names.lower()))


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
    """Return the link after the current number in a pager of numbered links."""
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
    """Return the text before a link in its pager, unless that text is a link itself."""
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
    """Return whether an element links to a page other than a pager's current one."""
    is_link = element.tag == "a" and (element.get("href") or "#") not in {"#", ""}
    return is_link and not _is_current_name(element.get("class") or "")


def followable_links(document: Document) -> tuple[str, ...]:
    """Return the absolute URLs worth following, without duplicates, in page order.

    They are on the page's own registrable host. Files, login, basket and help pages and links marked
    `nofollow` are left out.
    """
    home = registrable_host(document.url)
    origin = f"{document.url.partition('://')[0]}://{urlsplit(document.url).netloc}/"
    found: dict[str, None] = {}
    for link in document.root.iter("a", "area"):
        href = link.get("href")
        if not href or "nofollow" in (link.get("rel") or ""):
            continue
        url = document.absolute(href)
        if not url or url in found or url == document.url:
            continue
        if (
            not url.startswith(origin)
            and registrable_host(url[: url.find("/", 8)] if "/" in url[8:] else url) != home
        ):
            continue
        if not _is_no_page(url.partition("?")[0]):
            found[url] = None
            if len(found) == _MOST_LINKS:
                break
    return tuple(found)


def leads_to_no_listing(url: str) -> bool:
    """Return whether an address is a start page, a file, or a page for logging in, buying or help."""
    path = url.partition("?")[0]
    is_start = "?" not in url and path.partition("://")[2].strip("/").count("/") == 0
    return is_start or _is_no_page(path)


def _is_no_page(path: str) -> bool:
    return _NO_PAGE.search(path) is not None or _no_listing().search(path) is not None


@cache
def _no_listing() -> re.Pattern[str]:
    return re.compile(rf"/{phrases_anywhere('url_parts.no_listing')}(?:$|[/.?])", re.IGNORECASE)


def own_address(read_at: str, claimed: str) -> str:
    """Return the address of the item on a page.

    Templates often name the start page, or one page for all items, as canonical. Two items under one address
    would lose the second item, while one item under two addresses only appears twice. So the canonical
    address counts only if it clearly belongs to the same item.

    Args:
        read_at: Absolute address of the page.
        claimed: Absolute canonical address that the page gives; may be empty.

    Returns:
        `claimed`, if it is an http(s) address on the same registrable host, is not the start page, and has
        either the page's item number or the same last part of the path and all parameters other than tracking
        ones. Otherwise `read_at`.
    """
    if not claimed.startswith(("http://", "https://")) or registrable_host(claimed) != registrable_host(
        read_at
    ):
        return read_at
    try:
        here, there = urlsplit(canonical_url(read_at)), urlsplit(canonical_url(claimed))
    except ValueError:
        return read_at
    return claimed if _is_same_item(here, there) else read_at


def _is_same_item(here: SplitResult, there: SplitResult) -> bool:
    own_path, claimed_path = _bare_path(here), _bare_path(there)
    if not claimed_path:
        return False
    own_name, claimed_name = own_path.rpartition("/")[2], claimed_path.rpartition("/")[2]
    parameters = parse_qsl(here.query)
    named = {value for name, value in parameters if name.lower() in ID_PARAMETERS}
    said = {*claimed_path.split("/"), *(value for _, value in parse_qsl(there.query))}
    if named:
        return named <= said | set(_ITEM_NUMBER.findall(claimed_path))
    if numbers := set(_ITEM_NUMBER.findall(own_name)):
        return bool(numbers & set(_ITEM_NUMBER.findall(f"{claimed_path}?{there.query}")))
    is_same_name = own_name == claimed_name and bool(
        own_path == claimed_path or _DISTINCTIVE.search(own_name)
    )
    return is_same_name and {value for _, value in parameters} <= said


def _bare_path(parts: SplitResult) -> str:
    """Return the unquoted path without outer slashes and without the name of a start page."""
    return _start_page().sub("", unquote(parts.path).strip("/")).strip("/")


@cache
def _calendar() -> re.Pattern[str]:
    part, parameter = (phrases_anywhere(f"url_parts.{key}") for key in ("calendar", "calendar_parameters"))
    return re.compile(rf"{part}|[?&]{parameter}=", re.IGNORECASE)


@cache
def _start_page() -> re.Pattern[str]:
    return re.compile(rf"(?:^|/){phrases_anywhere('url_parts.start_page')}\.\w{{2,5}}$", re.IGNORECASE)
