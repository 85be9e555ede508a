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
"""The highest row number; SQLite refuses a higher number even in a query."""
LONGEST_SELLER_NAME = 200
"""Characters kept of a seller's name; a longer text is a mistake of the page or of the reader."""


class TermName(StrEnum):
    """The subject of a term. The value is the same word in SQL, JSON and pages."""

    CAS_NUMBER = "cas_number"
    """`value` is the number with plain hyphens and a valid check digit, e.g. `77-92-9`."""
    PURITY = "purity"
    """`amount` in percent; `value` is `min` if the text says "at least"."""
    GRADE = "grade"
    """`value` is e.g. `food`, `pharmaceutical`, `industrial`, `reagent`."""
    PACK_SIZE = "pack_size"
    """`amount` and `unit`; `value` is the container, e.g. `drum`."""
    MINIMUM_ORDER = "minimum_order"
    """`amount` and `unit`."""
    UNIT_PRICE = "unit_price"
    """`amount` for one `unit`; `value` is the currency, ISO 4217."""
    SHIPS_FROM = "ships_from"
    """`value` is the country, ISO 3166-1, if the text names one."""
    SHIPS_TO = "ships_to"
    """`value` is the country, ISO 3166-1, or `worldwide`."""
    PAYMENT = "payment"
    """`value` is e.g. `bank_transfer`, `letter_of_credit`, `cryptocurrency`."""
    SUPPLIER_TYPE = "supplier_type"
    """`value` is e.g. `manufacturer`, `trading_company`, `private`."""
    SUPPLIER_YEARS = "supplier_years"
    """`amount` in years on the site or in business, or `value` is the year of the start."""
    CERTIFICATE = "certificate"
    """`value` is e.g. `iso_9001`, `gmp`, `coa`; a claim of the supplier."""
    CONTACT_CHANNEL = "contact_channel"
    """`value` is the kind, e.g. `whatsapp`. `text` is empty if the text of the listing has the address, and
    else the address in the markup of the page: a link such as `https://wa.me/...`, or `tel: +86 ...`."""
    AVAILABILITY = "availability"
    """`value` is `in_stock`, `out_of_stock` or `preorder`."""
    BRAND = "brand"
    GTIN = "gtin"
    """`value` is the digits, with a valid check digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A typed statement of an offer about itself. Terms of the same name stay separate, in page order."""

    name: TermName
    text: str = ""
    """The text as shown, white space collapsed."""
    value: str = ""
    """The value in the form that `TermName` defines; empty if the text has no such form."""
    amount: Decimal | None = None
    unit: str = ""
    """Symbol of the unit, e.g. `kg`, `L`, `pcs`, `%`."""
    rule: str = ""
    """The rule that found the term, e.g. `visible:label Purity`, `text`, `json-ld`."""


def in_words(term: Term) -> str:
    """Return the value of a term as readable text, e.g. `25 kg, drum`; empty if it has no value.

    >>> in_words(Term(name=TermName.PACK_SIZE, amount=Decimal(25), unit="kg", value="drum"))
    '25 kg, drum'
    """
    amount = "" if term.amount is None else f"{term.amount:f} {term.unit}".strip()
    if term.name is TermName.UNIT_PRICE and term.amount is not None:
        return f"{term.amount:f} {term.value} / {term.unit}".replace("  ", " ")
    return ", ".join(part for part in (amount, term.value.replace("_", " ")) if part)


class SourceKind(StrEnum):
    """The kind of a source."""

    SAVED = "saved"
    LIVE = "live"


class PageOutcome(StrEnum):
    """The outcome of a page. The value is the same word in SQL, CLI and pages."""

    LISTING = "listing"
    """The page of one item, with one listing."""
    CATEGORY = "category"
    """A list or search page, whose rows are links or listings."""
    GONE = "gone"
    """The site says that the page no longer exists, by HTTP 404 or 410 or in words."""
    BLOCKED = "blocked"
    """A challenge, log-in wall or refusal (HTTP 401, 403, 429), which is never circumvented."""
    EMPTY = "empty"
    """No bytes, or only white space."""
    TRUNCATED = "truncated"
    """The body ends before its declared length or inside an archive record."""
    NOT_HTML = "not_html"
    """An image, PDF, JSON or another format, regardless of the file name."""
    TOO_LARGE = "too_large"
    """Larger than the limit, compressed or not, and therefore not parsed."""
    UNREADABLE = "unreadable"
    """The archive entry could not be opened, decompressed or decoded."""
    NOT_UNDERSTOOD = "not_understood"
    """HTML without a listing or a list."""
    LAYOUT_CHANGED = "layout_changed"
    """Not understood, although the same URL was a listing or a list before."""
    REFUSED = "refused"
    """Not requested, because of the permission, robots.txt or the robots rules of the page."""
    UNREACHABLE = "unreachable"
    """No answer: no such host, no connection, too slow, or a redirect loop."""


class Change(StrEnum):
    """How a listing compares with its last sighting."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class DigestResult(StrEnum):
    """Why the bytes of a supplied page do not match a digest that its archive states."""

    MISMATCH = "mismatch"
    UNCHECKED = "unchecked"
    """The digest could not be compared: its algorithm or form is unknown, or its list cannot be read."""


class RunKind(StrEnum):
    """The work of a run."""

    CRAWL = "crawl"
    SCORE = "score"
    LINK = "link"
    """Read accounts and contacts of sellers, and link accounts to suppliers."""
    PICTURES = "pictures"
    """Read the pictures of listings."""
    RETRAIN = "retrain"
    BACKUP = "backup"
    VERIFY = "verify"
    """Check the integrity of the store, the evidence and the audit chain."""
    PURGE = "purge"
    """Remove evidence whose retention has ended, with a tombstone for each file."""
    WEEKLY = "weekly"
    """Send the weekly report on suppliers."""


class RunOutcome(StrEnum):
    """How a run ended. A run without an ending is under way, or resumes at the next start."""

    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    KILLED = "killed"
    SKIPPED = "skipped"
    """Due but not started, for example because the previous run was still under way."""
    MISSED = "missed"
    """Due while the service was not running."""


class ScoreStage(StrEnum):
    """The stage of a model that gave a score."""

    TRANSFORMER = "transformer"
    """The whole model."""
    FIRST = "first"
    """The light first stage, which settles listings that are clearly no offers."""


class Decision(StrEnum):
    """The answer of a person to the question whether a listing offers a controlled precursor."""

    OFFER = "offer"
    NOT_OFFER = "not_offer"
    UNSURE = "unsure"
    ESCALATE = "escalate"
    UNDONE = "undone"
    """Undoes the named verdict; the listing returns to the queue."""


class ReasonCode(StrEnum):
    """The reason for a decision."""

    UNDOCUMENTED = "licit_undocumented"
    """Offered without any sign of the papers a lawful trade needs."""
    DOCUMENTED = "licit_documented"
    """Offered by a supplier who asks for or shows licences."""
    DISGUISED = "disguised"
    """Offered under a cover name, code or hint."""
    LABORATORY_SUPPLIER = "laboratory_supplier"
    """Offered in reagent packs by a laboratory supplier."""
    MENTION_ONLY = "mention_only"
    """Named, but not for sale."""
    CONFUSABLE = "confusable"
    """Another substance with a similar name."""
    NOT_A_SALE = "not_a_sale"
    """An article, a wanted advertisement, a forum post."""
    FINISHED_DRUG = "finished_drug"
    """A finished drug, which belongs to another queue."""
    ORDINARY_GOODS = "ordinary_goods"
    """Nothing to do with chemicals."""
    WRONG_READING = "wrong_reading"
    """The page was extracted wrongly, so the text is not that of the listing."""
    NEEDS_LAW_CHECK = "needs_law_check"
    """A lawyer or a chemist has to decide whether the substance is controlled."""


class Stage(StrEnum):
    """The stage of a verdict."""

    FIRST = "first"
    SECOND = "second"
    """Given by another person, blind to the first verdict; compared with it, and never used for training."""
    ADJUDICATION = "adjudication"
    """Settles a disagreement of the first two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An origin of pages, as declared in the sources file."""

    source_id: str
    """Short stable name of lower-case letters, digits, `-` and `_`; begins with a letter."""
    kind: SourceKind
    name: str
    """Display name, e.g. `Andes Clasificados (saved copy)`."""
    supplied_by: str
    """The person who handed over a saved copy or approved a live crawl."""
    supplied_on: str
    """ISO 8601 date of the handover or approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingContent:
    """The contents of a listing. An empty text means that the page does not show it."""

    title: str
    description: str = ""
    price_text: str = ""
    """The price as the page shows it, e.g. `US $ 1.250,00 / kg`."""
    price_amount: Decimal | None = None
    """The lower end of a range."""
    currency: str = ""
    """ISO 4217, e.g. `EUR`; empty if the page leaves it open."""
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
    """Name and value of each row of the property table, in page order."""
    images: tuple[str, ...] = ()
    """Absolute URLs; never fetched."""
    language: str = ""
    """ISO 639-1 code of the text, e.g. `es`; empty if unknown."""
    terms: tuple[Term, ...] = ()
    """Purity, pack size, payment and the like in typed form, read from the other fields."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """For each filled field, the rule that found it, e.g. `json-ld`, `microdata`, `visible:h1`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One offer on one site, over all its changes."""

    listing_id: str
    """First 16 hexadecimal digits of a hash of the identity; see `store.crawl.identity`."""
    source_id: str
    url: str
    """Canonical URL."""
    item_id: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The contents of a listing at one time, stored when they are new or have changed."""

    sighting_id: int
    listing_id: str
    page_id: int
    run_id: int
    seen_at: datetime
    content: ListingContent
    content_hash: str
    text: str
    """The text that is searched, scored and shown; see `store.crawl.identity.listing_text`."""
    text_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a crawl, listing or not."""

    run_id: int
    source_id: str
    url: str
    fetched_at: datetime
    captured_at: datetime | None = None
    """When the saved copy was made, if the archive says so."""
    http_status: int | None = None
    outcome: PageOutcome
    sentence: str
    """A sentence on the outcome, e.g. `One listing, read from JSON-LD.`"""
    payload_sha256: str
    """Hash of the stored body before charset decoding; of no bytes if there is no body."""
    payload_bytes: int
    locator: str = ""
    """Position of the bytes in the archive of the run: the file path, then `#` and the entry or offset.
    The bytes stay in the archive; the store keeps their hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFinding:
    """A digest that an archive states and the bytes of a page do not match, or were not compared with."""

    result: DigestResult
    details: str
    """Each digest as stated and as computed, e.g. `WARC-Payload-Digest sha1:7F..., computed sha1:c0...`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One piece of work: a crawl, a scoring, a retraining, a backup, a verification or a purge."""

    run_id: int
    kind: RunKind
    source_id: str | None
    due_at: datetime | None
    """The scheduled time; None for a run started by hand."""
    requested_at: datetime
    attempts: int = 0
    """Number of processes that worked on the run; above 1 after an interruption."""
    ended_at: datetime | None = None
    outcome: RunOutcome | None = None
    sentence: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of the text of a sighting that counted as evidence."""

    start: int
    """Offset into `Sighting.text`, in characters."""
    end: int
    kind: str
    """Kind of evidence, e.g. `cas`, `name`, `mention`, `trade`."""
    substance: str = ""
    """Canonical name of the named substance, if any."""
    note: str = ""
    """The law entries, or why the span counts for or against an offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One term of the sum that gives the score, in log-odds: the logarithm of p / (1 - p)."""

    feature: str
    """Plain words, e.g. `listed name, tier 1`."""
    log_odds: float
    """Positive pulls towards *offer*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordShare:
    """The share of consecutive words, over all their occurrences, in the contribution of words."""

    words: str
    """The words as first written; if their position is unknown, normalised."""
    log_odds: float
    """Positive pulls towards *offer*."""
    spans: tuple[tuple[int, int], ...] = ()
    """Start and end of the first occurrences in `Sighting.text`, in characters; empty if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A judged or training listing with a similar text."""

    label: int
    """1 for an offer, 0 for none."""
    text: str
    similarity: float
    """Cosine, from -1 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """The reasons of a score, as shown to reviewers."""

    contributions: tuple[Contribution, ...] = ()
    """Contributions, largest first; with `rest_log_odds`, they sum exactly to the log-odds of the score."""
    rest_log_odds: float = 0.0
    """The constant and all contributions too small to list; includes `constant_log_odds`."""
    constant_log_odds: float | None = None
    """The constant, a part of `rest_log_odds`; None for scores of older versions."""
    wording: tuple[WordShare, ...] = ()
    """The parts of the contribution of words, largest first; empty for texts far below the threshold."""
    rest_wording: float = 0.0
    """The part of all words that are not listed; with `wording`, it adds up exactly to the contribution."""
    spans: tuple[Span, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    substances: tuple[str, ...] = ()
    """Canonical names of offered substances, most strongly controlled first."""
    family: str = ""
    """`opioid`, `amphetamine-type`, `other`, or empty."""
    tier: int | None = None
    """1 few licit uses, 2 dual use, 3 bulk solvents, acids and reagents."""
    stage: ScoreStage = ScoreStage.TRANSFORMER
    """The stage that gave the score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The probability that a model gives one sighting, with its reasons."""

    sighting_id: int
    model_id: str
    run_id: int | None
    scored_at: datetime
    p_offer: float
    """Calibrated probability, from 0 to 1, that the listing offers a controlled precursor."""
    threshold: float
    """The threshold in force at the time of scoring; at or above it, the listing is flagged."""
    reasons: Reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A person's decision about one sighting. A verdict is never edited; another verdict undoes it."""

    verdict_id: int
    listing_id: str
    sighting_id: int
    score_id: int | None
    """The score that was shown; None if the listing had none."""
    decision: Decision
    reason_code: ReasonCode | None
    note: str
    reviewer: str
    decided_at: datetime
    undoes: int | None = None
    """The verdict that this one undoes."""
    stage: Stage = Stage.FIRST
    answers: int | None = None
    """The first verdict that this one checks or settles."""
    substance: str = ""
    """The offered substance, if the reviewer corrected the program."""
    shown_at: datetime | None = None
    """When the listing was shown to the reviewer."""
    score_hidden: bool = False
    """Whether the score was hidden until the decision."""
    batch: str = ""
    """The same id for all verdicts given at once; empty for a single verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A registered model; its files are in `folder`."""

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
    """The decision to put a model in use. The last promotion is in force."""

    promotion_id: int
    model_id: str
    promoted_at: datetime
    promoted_by: str
    sentence: str
    """The reason as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """One row of `review_queue`: flagged by the model in use, and unjudged in its current text."""

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
    """The rights of a user. Each role includes the rights of the roles before it."""

    VIEWER = "viewer"
    """May view everything."""
    REVIEWER = "reviewer"
    """May give verdicts and export."""
    LEAD = "lead"
    """May assign, adjudicate, change the settings of the review, and read the audit log."""
    ADMIN = "admin"
    """May manage users."""

    def includes(self, needed: Role) -> bool:
        """Return whether this role has the rights of `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


MAY_SEE_CONTACTS = Role.REVIEWER
"""The least role that may see the contacts of sellers; each view is in the audit log."""

NOTICE_KINDS = ("watch", "equipment", "rule", "class", "picture")
"""What a listing can show apart from its score; `store.review.notices` describes them."""
