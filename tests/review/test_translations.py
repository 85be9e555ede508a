"""Stored English messages are shown in the language of the page; quoted text is unchanged."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from crawler.extract import terms
from review.queue.lists import Selection
from review.web.languages import ASKED
from review.web.translations import (
    chosen_words,
    law_words,
    narrowing_words,
    run_words,
    term_words,
    word_tables,
)
from store.audit.chain import AuditAction
from store.model import (
    Change,
    ListingContent,
    PageOutcome,
    Role,
    RunKind,
    RunOutcome,
    Stage,
    Term,
    TermName,
    in_words,
)
from store.operations.service import INTERRUPTED, NEVER, UNDER_WAY, Request
from store.review.item_query import Filter, Sort, State
from text.phrases import keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

NAMES = {
    *("iso_9001", "iso_14001", "iso_13485", "iso_22000", "ohsas_18001", "gmp", "reach", "coa", "sds", "sgs"),
    *("kosher", "halal", "haccp", "fda", "dmf", "gost", "western_union", "moneygram", "paypal", "ibc"),
    *keys("contacts"),
    *terms.ADDRESSES,
}
"""Values that are names, the same in every language."""


@pytest.fixture
def spanish() -> Iterator[None]:
    """Ask for Spanish pages."""
    token = ASKED.set("es")
    yield
    ASKED.reset(token)


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        ("actions", AuditAction),
        ("counted", [*PageOutcome, *Change]),
        ("fields", {*ListingContent.__slots__} - {"provenance"}),
        ("role_names", Role),
        ("roles", Role),
        ("run_kinds", RunKind),
        ("sorts", Sort),
        ("stages", Stage),
        ("standings", [*RunOutcome, UNDER_WAY, INTERRUPTED, NEVER]),
        ("states", ["", *State, "all", "every"]),
        ("terms", TermName),
        ("wishes", Request),
    ],
)
def test_every_code_has_a_word(table: str, codes: Collection[str]) -> None:
    """A new code must get its word in `words.toml`, and a word without a code goes."""
    assert set(word_tables()[table]) == set(codes)


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize(
    ("cited", "said"),
    [
        ("UN 1988 Convention, Table I since 2014", "Convención de la ONU de 1988, Cuadro I desde 2014"),
        ("US 21 CFR 1310.02, List II (date not read)", "US 21 CFR 1310.02, Lista II (fecha no leída)"),
        ("Category 2B: 2020/1737", "Categoría 2B: 2020/1737"),
        ("Tables I have seen, sincerely", "Tables I have seen, sincerely"),
    ],
)
def test_citations_of_the_law_keep_what_is_no_word_of_ours(cited: str, said: str) -> None:
    """Whole words are translated; numbers, dates and decisions stand as cited."""
    assert law_words(cited) == said


@pytest.mark.usefixtures("spanish")
def test_the_end_of_a_run_is_drawn_from_its_counts() -> None:
    """Nothing is read back from the stored sentence, which is English."""
    met = {outcome: 1_200 if outcome is PageOutcome.LISTING else 1 for outcome in PageOutcome}
    pages = sum(met.values())
    counts: dict[str, int] = {"pages": pages, "title": 5} | {**met} | dict.fromkeys(Change, 7)
    said = run_words(RunKind.CRAWL, "Stored in English.", counts)
    assert said.startswith(f"{pages:,} páginas (1,200 con anuncio, 1 listas, 1 retiradas")
    assert said.endswith("anuncios: 7 nuevos, 7 con cambios, 7 sin cambios.")
    assert run_words(RunKind.CRAWL, "", {"pages": 0}) == "0 páginas (ninguno); anuncios: ninguno."
    digests = {"pages": 0, "digest_mismatch": 1, "digest_unchecked": 1_200}
    assert run_words(RunKind.CRAWL, "", digests).endswith(
        " Los bytes de 1 página no coinciden con el resumen criptográfico que declara el archivo."
        " No se pudieron comparar los resúmenes criptográficos declarados de 1,200 páginas."
    )
    scored = run_words(RunKind.SCORE, "Stored in English.", {"scored": 1_200, "flagged": 3})
    assert scored == "1,200 puntuados, 3 marcados."


def test_a_run_without_counts_shows_its_stored_sentence() -> None:
    """A failed run has a reason and no counts; a retraining counts other things."""
    assert run_words(RunKind.CRAWL, "The disk is full.", {}) == "The disk is full."
    assert run_words(RunKind.RETRAIN, "Model ab12: better.", {"scored": 9}) == "Model ab12: better."


@pytest.mark.usefixtures("spanish")
def test_terms_are_understood_in_the_language_of_the_page() -> None:
    """Amounts and names stay; words are translated."""
    assert term_words(Term(name=TermName.AVAILABILITY, value="in_stock")) == "en existencia"
    pack = Term(name=TermName.PACK_SIZE, amount=Decimal(25), unit="kg", value="drum")
    assert term_words(pack) == "25 kg, tambor"
    certified = Term(name=TermName.CERTIFICATE, value="iso_9001")
    assert term_words(certified) == in_words(certified)


def test_every_word_that_a_term_may_be_is_known() -> None:
    """What the crawler reads and what the pages can say are held together here."""
    read = {
        *keys("grades"), *keys("payments"), *keys("supplier_types"), *keys("certificates"),
        *keys("contacts"), *terms.ADDRESSES, *keys("containers"),
        terms.IN_STOCK, terms.OUT_OF_STOCK, terms.PREORDER,
    }  # fmt: skip
    assert read <= word_tables()["term_values"].keys() | NAMES


@pytest.mark.usefixtures("spanish")
def test_filters_are_called_as_the_form_calls_them() -> None:
    """The mark that takes a filter away says the same word as the field that set it."""
    assert narrowing_words("q") == "Palabras"
    assert chosen_words("decided", "state") == "Decididos"
    assert chosen_words("acme", "source") == "acme"
    assert chosen_words("rule:ebay-1", "notice") == "regla del mercado: ebay-1"


def test_every_filter_has_a_name() -> None:
    """A filter that a list can be narrowed by is never shown by its name in the address."""
    full = Filter(
        terms="x", state="all", source="x", family="x", tier=1, language="x", kind="x", assignee="x",
        decision="x", seller="x", supplier=1, changed="1", notice="x", p_from=0.1, p_to=0.9,
        since="2026-01-01", until="2026-01-02",
    )  # fmt: skip
    assert {*Selection(wanted=full).narrowing, "sort"} == word_tables()["narrowings"].keys()
