"""Read e-mail addresses and web sites in a text without disguises (`suppliers.disguises`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import tldextract

from store.suppliers.contacts import ContactKind
from text.phrases import any_of, folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_URL = re.compile(
    r"(?:h(?:tt|xx)ps?://|(?<![\w@.-])www\.)[^\s<>\"'()\[\]{},;|\u3000-\u303f\u3400-\u9fff]{3,300}"
)
_BARE = re.compile(
    r"(?<![\w@.:/-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}[a-z]{2,24}(?![\w@-]|\.[a-z])(?:/[\w./-]{0,100})?"
)
_NOT_A_PAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|pdf|svg|css|js)$")
_STARS = "\u2605\u2606\u25cf\u25ce"
"""Signs for an at sign."""


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail address or web site with its place in the text."""

    kind: ContactKind
    value: str
    start: int
    end: int
    rule: str
    confidence: float


def find_emails(text: str, is_labelled: Callable[[int], bool]) -> Iterator[Address]:
    """Yield the e-mail addresses in a text.

    The text has no disguises, but words for the sign and the dot may stand alone. `is_labelled` returns
    whether a label of e-mail addresses is right before a place.
    """
    dots = re.compile(rf"\s{any_of('hiding.dot')}\s")
    for match in _email().finditer(text):
        local, sign = match["local"].strip("."), match["at"].strip()
        domain = dots.sub(".", match["domain"])
        is_short_word = len(sign) < 3 and sign != "@"
        if is_short_word and domain == match["domain"] and not is_labelled(match.start()):
            continue  # "at" in running text
        end = match.end()
        if not _has_suffix(domain) and sign == "@":  # the next sentence may follow without a space
            shorter = domain.rpartition(".")[0]
            end -= len(domain) - len(shorter)
            domain = shorter
        if local and _has_suffix(domain):
            is_plain = match[0].count("@") == 1 and " " not in match[0]
            rule, confidence = ("address", 0.98) if is_plain else ("hidden address", 0.93)
            yield Address(ContactKind.EMAIL, f"{local}@{domain}", match.start(), end, rule, confidence)


@cache
def _email() -> re.Pattern[str]:
    return re.compile(
        r"(?<![a-z0-9._%+-])(?P<local>[a-z0-9][a-z0-9._%+-]{0,63})"
        rf"(?P<at>\s?@\s?|\s{any_of('hiding.at')}\s|[{_STARS}])"
        rf"(?P<domain>[a-z0-9][a-z0-9-]{{0,62}}(?:(?:\.|\s{any_of('hiding.dot')}\s)[a-z0-9-]{{1,63}}){{1,4}})(?![a-z0-9-])"
    )


def find_sites(text: str, is_labelled: Callable[[int], bool], own_site: str) -> Iterator[Address]:
    """Yield the web sites in a text.

    The text has no disguises, but words for the dot may stand alone. `own_site`, the registered domain of the
    marketplace, is left out. `is_labelled` is as for `find_emails`, for web sites.
    """
    dot = any_of("hiding.dot")
    for match in _URL.finditer(text):
        address = match[0].partition("://")[2] or match[0]
        yield from _site(address, match.start(), match.end(), "link", 0.97, own_site)
    for match in _BARE.finditer(text):
        suffix = match[0].partition("/")[0].rpartition(".")[2]
        if suffix in folded("web.suffixes") or is_labelled(match.start()):
            yield from _site(match[0], *match.span(), "name", 0.9, own_site)
    for match in _host_in_words().finditer(text):
        host = re.sub(rf"\s{dot}\s", ".", match[0])
        if host.count(".") > 1 or is_labelled(match.start()):  # "dot com" alone is a phrase
            yield from _site(host, *match.span(), "hidden name", 0.9, own_site)


@cache
def _host_in_words() -> re.Pattern[str]:
    suffixes = "|".join(sorted(folded("web.sure_suffixes")))
    return re.compile(
        rf"(?<![\w@.-])(?:[a-z0-9-]{{2,63}}\s{any_of('hiding.dot')}\s){{1,3}}(?:{suffixes})(?![\w@-])"
    )


def _site(
    address: str, start: int, end: int, rule: str, confidence: float, own_site: str
) -> Iterator[Address]:
    kept = address.rstrip(".:!?*_-/")
    end -= len(address) - len(kept)
    host, _, path = kept.partition("/")
    host = host.rpartition("@")[2].partition(":")[0].partition("?")[0].removeprefix("www.").removeprefix("m.")
    if not _has_suffix(host) or _NOT_A_PAGE.search(path):
        return
    registered = registered_domain(host)
    path = path.partition("?")[0].strip("/")
    is_shared = bool({host, registered} & folded("web.shared_hosts"))
    if registered != own_site and (path or not is_shared):
        value = f"{host}/{path}" if is_shared else host
        yield Address(ContactKind.WEBSITE, value, start, end, rule, confidence)


def registered_domain(host: str) -> str:
    """Return the part of a host that its owner registered, e.g. `shop.co.uk`, or else the host."""
    return _suffixes()(host).top_domain_under_public_suffix or host


@cache
def _suffixes() -> tldextract.TLDExtract:
    """Return the suffix list that the library brings, without a download."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _has_suffix(host: str) -> bool:
    """Return whether a host ends in a known public suffix, or in `.example`, as invented hosts do."""
    parts = _suffixes()(host)
    return bool(parts.domain and parts.suffix) or (host.endswith(".example") and host.count(".") > 0)
