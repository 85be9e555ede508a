"""The data model: the rows of a listing's life, as frozen values.

Every time is an aware UTC `datetime` here and ISO 8601 text ending in `Z` in SQL.
Every hash is lower-case hexadecimal SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

LAST_ROW = 2**63 - 1
"""The greatest number that a row can have; SQLite takes no greater one, not even to say that it has none."""


class TermName(StrEnum):
    """What a term is about. The value is the same word in SQL, JSON and pages."""

    CAS_NUMBER = "cas_number"
    """`value` is the number with plain hyphens, its check digit right, e.g. `77-92-9`."""
    PURITY = "purity"
    """`amount` in percent; `value` is `min` where the text says at least."""
    GRADE = "grade"
    """`value` is e.g. `food`, `pharmaceutical`, `industrial`, `reagent`."""
    PACK_SIZE = "pack_size"
    """`amount` and `unit`; `value` is the container, e.g. `drum`."""
    MINIMUM_ORDER = "minimum_order"
    """`amount` and `unit`."""
    UNIT_PRICE = "unit_price"
    """`amount` for one `unit`; `value` is the currency, ISO 4217."""
    SHIPS_FROM = "ships_from"
    """`value` is the country, ISO 3166-1, where the text names one."""
    SHIPS_TO = "ships_to"
    """`value` is the country, ISO 3166-1, or `worldwide`."""
    PAYMENT = "payment"
    """`value` is e.g. `bank_transfer`, `letter_of_credit`, `cryptocurrency`."""
    SUPPLIER_TYPE = "supplier_type"
    """`value` is e.g. `manufacturer`, `trading_company`, `private`."""
    SUPPLIER_YEARS = "supplier_years"
    """`amount` in years on the site or in business; or `value` is the year it began."""
    CERTIFICATE = "certificate"
    """`value` is e.g. `iso_9001`, `gmp`, `coa`; what is claimed, not what is true."""
    CONTACT_CHANNEL = "contact_channel"
    """`value` is the kind alone, e.g. `whatsapp`; `text` is empty: the address stays in the evidence."""
    AVAILABILITY = "availability"
    """`value` is `in_stock`, `out_of_stock` or `preorder`."""
    BRAND = "brand"
    GTIN = "gtin"
    """`value` is the digits, with a right check digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term. Several of a name are kept apart, in page order."""

    name: TermName
    text: str = ""
    """As the page shows it, white space collapsed."""
    value: str = ""
    """In the form that `TermName` gives; empty where the text could not be brought to it."""
    amount: Decimal | None = None
    unit: str = ""
    """Symbol of the unit, e.g. `kg`, `L`, `pcs`, `%`."""
    rule: str = ""
    """What found it, e.g. `visible:label Purity`, `text`, `json-ld`."""


def in_words(term: Term) -> str:
    """Return what a term was understood as, for a person, e.g. `25 kg, drum`; empty when it was not.

    >>> in_words(Term(name=TermName.PACK_SIZE, amount=Decimal(25), unit="kg", value="drum"))
    '25 kg, drum'
    """
    amount = "" if term.amount is None else f"{term.amount:f} {term.unit}".strip()
    if term.name is TermName.UNIT_PRICE and term.amount is not None:
        return f"{term.amount:f} {term.value} / {term.unit}".replace("  ", " ")
    return ", ".join(part for part in (amount, term.value.replace("_", " ")) if part)


class SourceKind(StrEnum):
    """Where the pages of a source come from."""

    SAVED = "saved"
    LIVE = "live"


class PageOutcome(StrEnum):
    """What a page turned out to be. The value is the same word in SQL, CLI and pages."""

    LISTING = "listing"
    """One item's own page; one listing was read."""
    CATEGORY = "category"
    """A list or search page; its rows are links or listings."""
    GONE = "gone"
    """The site says the page is no longer there (HTTP 404 or 410, or it says so in words)."""
    BLOCKED = "blocked"
    """A challenge, log-in wall or refusal (HTTP 401, 403, 429); it is never worked around."""
    EMPTY = "empty"
    """No bytes, or nothing but white space."""
    TRUNCATED = "truncated"
    """The body ends before its declared length or inside an archive record."""
    NOT_HTML = "not_html"
    """The bytes are an image, PDF, JSON or another format, whatever the name says."""
    TOO_LARGE = "too_large"
    """Larger than the limit, compressed or not; not parsed."""
    UNREADABLE = "unreadable"
    """The archive entry could not be opened, decompressed or decoded."""
    NOT_UNDERSTOOD = "not_understood"
    """HTML in which no listing and no list was found."""
    LAYOUT_CHANGED = "layout_changed"
    """Not understood, though the same address was read as a listing or a list before."""
    REFUSED = "refused"
    """Not asked for: the permission, robots.txt or the page's own word to robots spoke against it."""
    UNREACHABLE = "unreachable"
    """No answer came: no such host, no connection, too slow, or redirected in a circle."""


class Change(StrEnum):
    """How a listing on a page compares with what was last seen of it."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class RunKind(StrEnum):
    """What a run does."""

    CRAWL = "crawl"
    SCORE = "score"
    RETRAIN = "retrain"
    BACKUP = "backup"
    VERIFY = "verify"
    """The store's integrity, the evidence and the audit chain are checked."""
    PURGE = "purge"
    """What retention lets go is taken away, with a tombstone for each."""


class RunOutcome(StrEnum):
    """How a run ended. A run without an ending is under way, or goes on at the next start."""

    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    KILLED = "killed"
    SKIPPED = "skipped"
    """Due but not begun, for example because the one before it was still under way."""
    MISSED = "missed"
    """Due while the service was not there to begin it."""


class ScoreStage(StrEnum):
    """What gave a score."""

    TRANSFORMER = "transformer"
    """The whole model."""
    FIRST = "first"
    """Its light first stage, which settles what is clearly not an offer."""


class Decision(StrEnum):
    """A person's answer to the question whether a listing offers a controlled precursor."""

    OFFER = "offer"
    NOT_OFFER = "not_offer"
    UNSURE = "unsure"
    ESCALATE = "escalate"
    UNDONE = "undone"
    """Takes back the verdict it names; the listing returns to the queue."""


class ReasonCode(StrEnum):
    """Why a person decided as they did."""

    UNDOCUMENTED = "licit_undocumented"
    """Offered without any sign of the papers a lawful trade needs."""
    DOCUMENTED = "licit_documented"
    """Offered by a supplier who asks for or shows licences."""
    DISGUISED = "disguised"
    """Offered under a cover name, code or hint."""
    LABORATORY_SUPPLIER = "laboratory_supplier"
    """Offered in reagent packs by a laboratory supplier."""
    MENTION_ONLY = "mention_only"
    """Named, but not what is for sale."""
    CONFUSABLE = "confusable"
    """Another substance with a like name."""
    NOT_A_SALE = "not_a_sale"
    """An article, a wanted advertisement, a forum post."""
    FINISHED_DRUG = "finished_drug"
    """A finished drug, which is another queue's work."""
    ORDINARY_GOODS = "ordinary_goods"
    """Nothing to do with chemicals."""
    WRONG_READING = "wrong_reading"
    """The page was read wrongly, so the text is not the listing's."""
    NEEDS_LAW_CHECK = "needs_law_check"
    """Whether it is controlled needs a lawyer or a chemist."""


class Stage(StrEnum):
    """Which look at a listing a verdict is."""

    FIRST = "first"
    SECOND = "second"
    """Somebody else's, who did not see the first; it teaches nothing and is compared with the first."""
    ADJUDICATION = "adjudication"
    """Settles what the two disagree on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A place pages come from, as the sources file declares it."""

    source_id: str
    """Short stable name: lower-case letters, digits, `-` and `_`; begins with a letter."""
    kind: SourceKind
    name: str
    """For people, e.g. `Andes Clasificados (saved copy)`."""
    supplied_by: str
    """Who handed over a saved copy, or who approved a live crawl."""
    supplied_on: str
    """ISO 8601 date on which they did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingContent:
    """What a listing said when it was read. Empty text means: not shown on the page."""

    title: str
    description: str = ""
    price_text: str = ""
    """The price as the page shows it, e.g. `US $ 1.250,00 / kg`."""
    price_amount: Decimal | None = None
    """The lower end where a range is shown."""
    currency: str = ""
    """ISO 4217, e.g. `EUR`; empty when the page does not settle it."""
    quantity_text: str = ""
    """Quantity on offer, as shown."""
    pack_text: str = ""
    """Pack size or packaging, as shown."""
    minimum_order_text: str = ""
    seller_name: str = ""
    seller_url: str = ""
    location: str = ""
    item_id: str = ""
    """The site's own number for the item."""
    category_path: tuple[str, ...] = ()
    """Outermost first."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Name and value of each row of the page's property table, in page order."""
    images: tuple[str, ...] = ()
    """Absolute URLs; never fetched."""
    language: str = ""
    """ISO 639-1 code of the text, e.g. `es`; empty when it cannot be told."""
    terms: tuple[Term, ...] = ()
    """Purity, pack size, payment and the like in typed form; read from what is said elsewhere here."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """For each filled field, the rule that found it, e.g. `json-ld`, `microdata`, `visible:h1`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One offer on one site, whatever it says from one day to the next."""

    listing_id: str
    """First 16 hexadecimal digits of a hash of the identity; see `store.crawl.identity`."""
    source_id: str
    url: str
    """Canonical URL."""
    item_id: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A listing as it was seen once, kept whenever its content is new or has changed."""

    sighting_id: int
    listing_id: str
    page_id: int
    run_id: int
    seen_at: datetime
    content: ListingContent
    content_hash: str
    text: str
    """What is searched, scored and shown; built by `store.crawl.identity.listing_text`."""
    text_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as a crawl met it, listing or not."""

    run_id: int
    source_id: str
    url: str
    fetched_at: datetime
    captured_at: datetime | None = None
    """When the saved copy was made, where the archive says so."""
    http_status: int | None = None
    outcome: PageOutcome
    sentence: str
    """What was found, for a person, e.g. `One listing, read from JSON-LD.`"""
    payload_sha256: str
    """Of the body as kept, before decoding its charset; of no bytes when there was none."""
    payload_bytes: int
    locator: str = ""
    """Where the bytes lie in the run's archive (see `store.crawl.evidence`): the file's path in it, then `#`
    and the entry or offset. The bytes stay there; the store keeps their hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One piece of work the product set out to do."""

    run_id: int
    kind: RunKind
    source_id: str | None
    due_at: datetime | None
    """The schedule's time; None for a run started by hand."""
    requested_at: datetime
    attempts: int = 0
    """How many processes have worked on it; above 1 after an interruption."""
    ended_at: datetime | None = None
    outcome: RunOutcome | None = None
    sentence: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a sighting's text that counted as evidence."""

    start: int
    """Offset into `Sighting.text`, in characters."""
    end: int
    kind: str
    """What it is, e.g. `cas`, `name`, `mention`, `trade`."""
    substance: str = ""
    """Canonical name of the substance it names, if it names one."""
    note: str = ""
    """For a person: the law entries, or why it counts for or against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One term of the score's sum, in log-odds."""

    feature: str
    """Plain words, e.g. `listed name, tier 1`."""
    log_odds: float
    """Positive pulls towards *offer*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordShare:
    """What words side by side add to the contribution of words, together, wherever they stand so."""

    words: str
    """As the text writes them at the first of their places; where that is unknown, as they were read."""
    log_odds: float
    """Positive pulls towards *offer*."""
    spans: tuple[tuple[int, int], ...] = ()
    """Start and end of its first places in `Sighting.text`, in characters; empty where they are unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A judged or training listing whose text lies near."""

    label: int
    """1 for an offer, 0 for none."""
    text: str
    similarity: float
    """Cosine, from -1 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why a score is what it is: everything a reviewer is shown about it."""

    contributions: tuple[Contribution, ...] = ()
    """Largest first; together with `rest_log_odds` they sum exactly to the score's log-odds."""
    rest_log_odds: float = 0.0
    """Constant and every contribution too small to be listed; `constant_log_odds` is within it."""
    constant_log_odds: float | None = None
    """What every text starts from, a part of `rest_log_odds`; None where a score of before does not tell."""
    wording: tuple[WordShare, ...] = ()
    """What the contribution of words is made of, largest first; empty for texts far below the line."""
    rest_wording: float = 0.0
    """What all words that are not listed add to it; with `wording` it sums exactly to that contribution."""
    spans: tuple[Span, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    substances: tuple[str, ...] = ()
    """Canonical names found as offered, most strongly controlled first."""
    family: str = ""
    """`opioid`, `amphetamine-type`, `other`, or empty."""
    tier: int | None = None
    """1 few licit uses, 2 dual use, 3 bulk solvents, acids and reagents."""
    stage: ScoreStage = ScoreStage.TRANSFORMER
    """What gave the score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One model's probability for one sighting, with its reasons."""

    sighting_id: int
    model_id: str
    run_id: int | None
    scored_at: datetime
    p_offer: float
    """Calibrated probability, from 0 to 1, that the listing offers a controlled precursor."""
    threshold: float
    """The line in force when it was scored; at or above it the listing is flagged."""
    reasons: Reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A person's decision about a listing as it then stood. Never edited: taken back by another."""

    verdict_id: int
    listing_id: str
    sighting_id: int
    score_id: int | None
    """What was on the screen; None when the listing had no score."""
    decision: Decision
    reason_code: ReasonCode | None
    note: str
    reviewer: str
    decided_at: datetime
    undoes: int | None = None
    """The verdict this one takes back."""
    stage: Stage = Stage.FIRST
    answers: int | None = None
    """The first verdict that this one checks or settles."""
    substance: str = ""
    """What is offered, where the reviewer corrected the program's reading."""
    shown_at: datetime | None = None
    """When the listing came onto the reviewer's screen."""
    score_hidden: bool = False
    """Whether the score was kept from the reviewer until they had decided."""
    batch: str = ""
    """The same for all verdicts that were given at once; empty for one given by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A trained model as the store knows it; its files lie in `folder`."""

    model_id: str
    """First 12 hexadecimal digits of the hash of its `model.skops`."""
    created_at: datetime
    folder: str
    embedder_id: str
    threshold: float
    card: Mapping[str, object] = field(default_factory=dict)
    """The model card: data, seed, library versions, metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A model was put in use. The last promotion is in force."""

    promotion_id: int
    model_id: str
    promoted_at: datetime
    promoted_by: str
    sentence: str
    """Why, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """One row of `review_queue`: flagged by the model in use and not yet judged as it stands."""

    listing_id: str
    sighting_id: int
    score_id: int
    source_id: str
    url: str
    title: str
    seller_name: str
    price_text: str
    language: str
    seen_at: datetime
    p_offer: float
    threshold: float
    model_id: str
    substances: tuple[str, ...]
    family: str
    tier: int | None


class Role(StrEnum):
    """What a user may do. Each role may do what those before it may."""

    VIEWER = "viewer"
    """Looks."""
    REVIEWER = "reviewer"
    """Gives verdicts."""
    LEAD = "lead"
    """Assigns, adjudicates, exports, changes settings of the review, reads the audit log."""
    ADMIN = "admin"
    """Manages users."""

    def includes(self, needed: Role) -> bool:
        """Whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
