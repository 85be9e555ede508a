"""Extract a marketplace page: the spider's page object, and the pure function that it calls."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import attrs
import web_poet

from crawler.extract import outcome
from crawler.extract.document import Document, parse_document
from crawler.extract.elements import Line, visible_lines
from crawler.extract.embedded import is_product, read_opengraph, read_states, state_product, state_rows
from crawler.extract.links import followable_links, is_paged, next_page, own_address
from crawler.extract.list_rows import find_rows, row_listings
from crawler.extract.markup_contacts import markup_contacts
from crawler.extract.offer import document_title, find_heading
from crawler.extract.schema_org import (
    Node,
    Structured,
    content_of_product,
    is_offer_node,
    own_product,
    product_url,
    read_structured,
)
from crawler.extract.seller_names import clean_seller_name
from crawler.extract.terms import read_terms, shown_stock
from crawler.extract.visible import VisiblePage
from store.messages import counted
from store.model import LONGEST_SELLER_NAME, ListingContent, PageOutcome, TermName
from text.language import language_of
from text.page_words import known_term

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEWEST_LINKS = 3
_LISTING_LINE = 3
_LONG_DESCRIPTION = 150
_FULL_PAGE = 20
_PRICE = ("price_text", "price_amount", "currency")
_MERGED_SEPARATELY = frozenset({*_PRICE, "provenance", "language", "attributes", "terms"})
_SINGLE = tuple(field.name for field in fields(ListingContent) if field.name not in _MERGED_SEPARATELY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedListing:
    """One listing as shown on a page."""

    url: str
    """Absolute URL of the listing's own page."""
    content: ListingContent


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtReading:
    """The fields that a source's declared reader (`crawler.teach`) read on a page."""

    found: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    """Fields that every taught page has and this page lacks."""
    agreed: tuple[str, ...] = ()
    """Fields that the general rules read alike."""
    differed: tuple[str, ...] = ()
    """Fields that the general rules read otherwise."""
    doubtful: tuple[str, ...] = ()
    """Fields with several different values, of which the first was taken."""
    set_aside: str = ""
    """Why the reader was not used; empty if it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedPage:
    """The outcome of a page and its extracted data."""

    outcome: PageOutcome
    sentence: str
    """The outcome for people, e.g. `One listing, read from json-ld.`"""
    listing: ExtractedListing | None = None
    """The item, if this is its own page."""
    rows: tuple[ExtractedListing, ...] = ()
    """The items of a list page, in page order."""
    links: tuple[str, ...] = ()
    """Absolute URLs on the same registrable host that are worth following."""
    next_page: str | None = None
    """Absolute URL of the list's next page."""
    language: str = ""
    """ISO 639-1 code, or empty."""
    taught: TaughtReading | None = None
    """Of a source with a declared reader."""


@attrs.define
class MarketplacePage(web_poet.WebPage[ExtractedPage]):
    """Extract any page by general rules. `crawler.markets` has subclasses for marketplaces that need more."""

    async def to_item(self) -> ExtractedPage:
        """Extract this object's page."""
        return self.corrected(extract_page(self.response))

    def corrected(self, page: ExtractedPage) -> ExtractedPage:
        """Return the page with corrections for this marketplace; general rules need none."""
        return page


def extract_page(response: web_poet.HttpResponse) -> ExtractedPage:
    """Return the outcome of a page, with its listing or its rows.

    The result depends only on the bytes and the URL. No input raises any error but `MemoryError`.
    """
    if decided := outcome.before_parsing(bytes(response.body), response.status):
        return ExtractedPage(outcome=decided[0], sentence=decided[1])
    document = parse_document(response)
    if document is None:
        return ExtractedPage(
            outcome=PageOutcome.UNREADABLE, sentence="No HTML element could be read from the bytes."
        )
    return _Reader(document, response.status).read()


class _Reader:
    """The extraction steps of one page, with their shared intermediate results."""

    def __init__(self, document: Document, status: int | None) -> None:
        self.document = document
        self.status = status
        self.structured = read_structured(document)
        self.paged = is_paged(document)
        heading = find_heading(document)
        self.groups = find_rows(document, paged=self.paged, spine=heading.spine)
        others = {row for group in self.groups if group.is_of_others for row in group.elements}
        if not others.isdisjoint(heading.spine):  # every row of some lists has an `h1`
            heading = find_heading(document, others)
        self.lines: list[Line] = visible_lines(document.root, others, spine=heading.spine)
        self.visible = VisiblePage(document, heading, self.lines, others)
        self.opengraph = read_opengraph(document)
        self.next_page = next_page(document)

    def read(self) -> ExtractedPage:
        """Decide the outcome of the page and extract it accordingly."""
        links = followable_links(self.document)
        title = self.visible.title
        product = own_product(self.structured, title, self.document.meta.get("og:title", ""))
        seen = self.visible.content()
        language = language_of(f"{seen.title} {seen.description}", self.document.place.language)
        found = ExtractedPage(
            outcome=PageOutcome.NOT_UNDERSTOOD,
            sentence="",
            links=links,
            next_page=self.next_page,
            language=language,
        )
        state = None
        if not (product or seen.price_amount or (self.opengraph and self.opengraph.price_amount)):
            state = state_product(read_states(self.document), self.visible.title, self.document)
        if self._is_listing(product, seen, state):
            content = self._with_terms(self._merged(product, seen, state, language), product)
            content = _with_name_alone(content)
            if content.title:
                listing = ExtractedListing(url=self._own_url(), content=content)
                return replace(
                    found,
                    outcome=PageOutcome.LISTING,
                    sentence=_listing_sentence(content),
                    listing=listing,
                    next_page=None,
                )
        rows = self._rows()
        decided = outcome.without_listing(
            self.document, self.lines, self.visible.title, self.status, has_rows=len(rows) >= _FEWEST_LINKS
        )
        if decided:
            return replace(found, outcome=decided[0], sentence=decided[1])
        if rows:
            return replace(
                found,
                outcome=PageOutcome.CATEGORY,
                sentence=f"A list page with {counted(len(rows), 'row', 'rows')}.",
                rows=tuple(_in_language(row, language) for row in rows),
            )
        if len(links) >= _FEWEST_LINKS:
            return replace(
                found,
                outcome=PageOutcome.CATEGORY,
                sentence=f"A page of {len(links)} links without listings of its own.",
            )
        return replace(found, sentence="HTML without a listing or a list.")

    def _rows(self) -> tuple[ExtractedListing, ...]:
        listed = max((self._structured_rows(each) for each in self.structured), key=len, default=())
        shown = self._visible_rows()
        if listed and len(listed) >= len(shown):
            return _with_shown(listed, shown)
        states = state_rows(read_states(self.document), self.document)
        if len(states) > len(shown):
            return tuple(ExtractedListing(url=url, content=content) for url, content in states)
        return shown

    def _structured_rows(self, each: Structured) -> tuple[ExtractedListing, ...]:
        nodes = each.listed or (each.products if len(each.products) >= _FEWEST_LINKS else [])
        rows = (
            (product_url(node, self.document), content_of_product(node, each.rule, self.document))
            for node in nodes
        )
        return tuple(
            ExtractedListing(url=url, content=content) for url, content in rows if url and content.title
        )

    def _visible_rows(self) -> tuple[ExtractedListing, ...]:
        for group in self.groups:
            read = row_listings(group, self.document)
            if len(read) * 2 < len(group.elements):
                continue  # most of its blocks are entries of a menu
            # A page may show one item twice, as a banner and in its regular place.
            unlike = {(url, content.title, content.price_text): (url, content) for url, content in read}
            return tuple(ExtractedListing(url=url, content=content) for url, content in unlike.values())
        return ()

    def _is_listing(
        self, product: tuple[str, Node] | None, seen: ListingContent, state: ListingContent | None
    ) -> bool:
        """Return whether the page is more likely an item's own page than a list.

        The weights are set by hand: two or three for features of an item's own page alone, else one.
        """
        has_heading = self.visible.heading.element is not None
        has_meta_price = self.opengraph is not None and self.opengraph.price_amount is not None
        known_labels = sum(row.label is not None for row in self.visible.rows)
        one = 3 * (product is not None or state is not None)
        one += product is not None and is_offer_node(product[1])
        one += 2 * is_product(self.document) + 2 * has_meta_price + 2 * bool(seen.price_text)
        one += min(known_labels, 3) + has_heading + (len(seen.description) >= _LONG_DESCRIPTION)
        if has_heading and seen.price_text:
            buttons = outcome.count_buy_buttons(self.document.root, self.visible.skipped)
            one += 2 * (0 < buttons <= outcome.MOST_BUY_BUTTONS)
        lists_others = product is None and any(each.listed for each in self.structured)
        many = 3 * lists_others + 2 * (self.next_page is not None) + self.paged
        if self.groups:
            number, is_priced = len(self.groups[0].elements), self.groups[0].priced >= 0.5
            many += (number > 1) + (number >= 5) + (number >= 10) + is_priced
            many += 2 * (number >= _FULL_PAGE and is_priced and (self.paged or self.next_page is not None))
        return one >= _LISTING_LINE and one > many

    def _merged(
        self,
        product: tuple[str, Node] | None,
        seen: ListingContent,
        state: ListingContent | None,
        language: str,
    ) -> ListingContent:
        sources = []
        if product is not None:
            sources.append(content_of_product(product[1], product[0], self.document))
        if self.opengraph is not None:
            sources.append(self._without_foreign_title(self.opengraph))
        if state is not None:
            sources.append(state)
        return self._with_breadcrumbs(
            merge([self._as_shown(each, seen) for each in sources] + [seen], language)
        )

    def _without_foreign_title(self, opengraph: ListingContent) -> ListingContent:
        """Drop an `og:title` that is the site's name, or that the heading and the document's title deny."""
        said, own = opengraph.title.casefold(), self.visible.heading
        whole = document_title(self.document).casefold()
        is_denied = own.element is not None and own.title.casefold() in whole and said not in whole
        is_other = is_denied and own.title.casefold() not in said
        return replace(opengraph, title="") if is_other or self.document.is_site_name(said) else opengraph

    def _as_shown(self, source: ListingContent, seen: ListingContent) -> ListingContent:
        """Drop the price and number of hidden data where the page shows people others.

        The price goes only if the page shows its amount nowhere and marks another one as the price. The
        number goes only if the page labels another one.
        """
        dropped: dict[str, Any] = {}
        if seen.provenance.get("item_id", "").startswith("visible"):
            dropped["item_id"] = ""
        is_marked = seen.price_amount and seen.provenance.get("price_amount") == "visible:price"
        if is_marked and source.price_amount and not self.visible.shows(source.price_amount):
            dropped |= {"price_text": "", "price_amount": None, "currency": source.currency}
        return replace(source, **dropped) if dropped else source

    def _with_breadcrumbs(self, content: ListingContent) -> ListingContent:
        """Prefer structured breadcrumbs to the shown ones. The item itself is no category."""
        for each in self.structured:
            if each.breadcrumbs:
                path = tuple(name for name in each.breadcrumbs if name != content.title)
                provenance = {**content.provenance, "category_path": each.rule}
                return replace(content, category_path=path, provenance=provenance)
        return content

    def _with_terms(self, content: ListingContent, product: tuple[str, Node] | None) -> ListingContent:
        attributes = tuple(
            each for each in content.attributes if not self._is_site_as_brand(*each, content.title)
        )
        content = replace(content, attributes=attributes)
        rows = [(row.name, row.value, f"visible:label {row.name}") for row in self.visible.rows]
        rows.append(("brand", self.visible.brand(), "visible:name"))
        stock = shown_stock(self.lines, self.visible.heading)
        contacts = markup_contacts(self.document.root, self.visible.is_beside, product)
        return replace(content, terms=(*read_terms(content, rows, availability=stock), *contacts))

    def _is_site_as_brand(self, name: str, value: str, title: str) -> bool:
        """Return whether a shop gives itself as the brand of goods whose title does not name it."""
        is_brand = known_term(name) == TermName.BRAND and self.document.is_site_name(value)
        return is_brand and value.casefold() not in title.casefold()

    def _own_url(self) -> str:
        claims = (
            self.document.absolute(link.get("href") or "")
            for link in self.document.root.iter("link")
            if "canonical" in (link.get("rel") or "").lower().split()
        )
        return own_address(self.document.url, next(filter(None, claims), ""))


def _with_shown(
    listed: tuple[ExtractedListing, ...], shown: tuple[ExtractedListing, ...]
) -> tuple[ExtractedListing, ...]:
    """Fill the gaps of structured rows from the visible rows that link to the same page."""
    by_url = {row.url: row.content for row in shown}
    return tuple(
        replace(row, content=merge([row.content, by_url[row.url]], "")) if row.url in by_url else row
        for row in listed
    )


def _in_language(row: ExtractedListing, language: str) -> ExtractedListing:
    """Give a row its page's language, since a row is too short for detection."""
    content = replace(row.content, language=row.content.language or language)
    return replace(row, content=_with_name_alone(content))


def _with_name_alone(content: ListingContent) -> ListingContent:
    """Keep the seller's name without ratings and badges; the provenance says if it was cut."""
    name = clean_seller_name(content.seller_name)
    if name == content.seller_name:
        return content
    rule = content.provenance.get("seller_name", "")
    is_cut = len(content.seller_name) > 10 * LONGEST_SELLER_NAME
    provenance = {**content.provenance, "seller_name": f"{rule}, cut" if is_cut else rule}
    return replace(content, seller_name=name, provenance=provenance)


def _listing_sentence(content: ListingContent) -> str:
    rules = [
        content.provenance.get(name, "") for name in ("title", "price_text", "description", "seller_name")
    ]
    sources = list(
        dict.fromkeys(rule.partition(":")[0].replace("visible", "the visible page") for rule in rules if rule)
    )
    return f"One listing, read from {' and '.join(sources) or 'the page'}."


def merge(sources: Sequence[ListingContent], language: str) -> ListingContent:
    """Merge sources, the most reliable first and the visible page last, with the provenance of every field.

    Each field comes from the first source that has a value for it. Amount and currency of a price come from
    one source, and its text from the visible page if that shows the same amount. Attributes of all sources
    are combined, the page's own table first.
    """
    values: dict[str, Any] = {"title": ""}
    provenance: dict[str, str] = {}
    for name in _SINGLE:
        for source in sources:
            if value := getattr(source, name):
                values[name] = value
                provenance[name] = source.provenance.get(name, "")
                break
    _merge_price(sources, values, provenance)
    attributes = dict.fromkeys(row for source in reversed(sources) for row in source.attributes)
    if attributes:
        values["attributes"] = tuple(attributes)
        rules = [source.provenance.get("attributes", "") for source in reversed(sources) if source.attributes]
        provenance["attributes"] = " + ".join(dict.fromkeys(rules))
    if language:
        values["language"] = language
        provenance["language"] = "text"
    return ListingContent(**values, provenance=provenance)


def _merge_price(
    sources: Sequence[ListingContent], values: dict[str, Any], provenance: dict[str, str]
) -> None:
    priced = next((source for source in sources if source.price_amount), None)
    if priced is None:
        priced = next((source for source in sources if source.price_text), None)
    if priced is None:
        return
    agreeing = [
        source for source in sources if source.price_amount == priced.price_amount and source.price_text
    ]
    shown = agreeing[-1] if agreeing else priced
    currency = priced.currency or next((source.currency for source in agreeing if source.currency), "")
    for name, value, source in (
        ("price_text", shown.price_text, shown),
        ("price_amount", priced.price_amount, priced),
        ("currency", currency, priced if priced.currency else shown),
    ):
        if value not in ("", None):
            values[name] = value
            provenance[name] = source.provenance.get(name, "")
