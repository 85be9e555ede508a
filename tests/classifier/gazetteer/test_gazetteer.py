"""The gazetteer answers what is listed, where and since when."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from classifier.features.matrix import EvidenceReader
from classifier.gazetteer import (
    Gazetteer,
    Law,
    LawWrong,
    default_gazetteer,
    gazetteer_of,
    load_gazetteer,
    look_up,
    read_law,
)
from fixtures.gazetteer.build import since
from text.cas import is_cas_number


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    """The gazetteer under the default profile."""
    return default_gazetteer()


def test_every_listed_substance_is_complete(gazetteer: Gazetteer) -> None:
    """Each has a law entry with a source, a family, a tier, and and something to find it by."""
    for substance in gazetteer.substances:
        assert substance.entries
        assert substance.family in {"opioid", "amphetamine-type", "other"}
        assert substance.tier in {1, 2, 3}
        assert substance.names or substance.cas or substance.note or substance.key.startswith("MED")


def test_every_cas_number_has_a_right_check_digit(gazetteer: Gazetteer) -> None:
    """No number with a typing error got into the files."""
    assert [c for s in gazetteer.substances for c in s.cas if not is_cas_number(c)] == []


@pytest.mark.parametrize("lang", ["en", "zh", "es", "fr", "ru", "de", "pt"])
def test_common_substances_have_a_name_in_each_language(lang: str, gazetteer: Gazetteer) -> None:
    """Each of seven languages names at least thirty of the listed substances."""
    named = [s.key for s in gazetteer.substances if any(n.lang == lang for n in s.names)]
    assert len(named) >= 30


@pytest.mark.parametrize(
    ("query", "status", "key"),
    [
        ("acetone", "listed", "ACE"),
        ("  Acetic   ANHYDRIDE ", "listed", "AA"),
        ("108-24-7", "listed", "AA"),
        ("丙酮", "listed", "ACE"),
        ("серная кислота", "listed", "H2SO4"),
        ("28578-16-7", "listed", "PMKE_ethyl"),
        ("Propionyl chloride", "listed", "PCL"),
        ("chloroform", "not_listed", "CHCL3"),
        ("Кислота серная", "listed", "H2SO4"),
        ("N-metilefedrina", "listed", "NME"),
        ("Ephedrinhydrochlorid", "listed", "EPH"),
        ("methyl anthranilate", "listed", "ANTE"),
        ("101-97-3", "listed", "PAAE"),
        ("1-acetyl-4-piperidone", "listed", "4PD"),
        ("CAS No. 103 79 7", "listed", "P2P"),
        ("cas:103797", "listed", "P2P"),
        ("103.79.7", "listed", "P2P"),
        ("7723-14-0", "listed", "RP"),
        ("HCl", "listed", "HCL"),
        ("i2", "listed", "I2"),
        ("Äther", "listed", "ETH"),
        ("Phosphor", "listed", "RP"),
        ("phosphorus", "listed", "RP"),
        ("anhydride", "ambiguous", None),
        ("permanganate", "ambiguous", None),
        ("sulphuric", "ambiguous", None),
        ("高锰酸", "ambiguous", None),
        ("acid", "unknown", None),
        ("pd/c", "unknown", None),
        ("P2NP", "listed", "list:1phenyl2nitropropene"),
        ("2914.31", "ambiguous", None),
        ("CN 2924 29 70", "ambiguous", None),
        ("9403.60", "unknown", None),
        ("sodium", "not_listed", None),
        ("pyridine", "watched", "list:pyridine"),
        ("caffeine", "not_listed", "list:caffeine"),
        ("2-piperidone", "confusable", None),
        ("108-24-8", "unknown", None),
        ("oak stool with cushion", "unknown", None),
        ("", "unknown", None),
    ],
)
def test_a_name_or_number_is_looked_up(
    query: str, status: str, key: str | None, gazetteer: Gazetteer
) -> None:
    """A query in any spelling says its status, its substance, and why in a sentence."""
    result = look_up(gazetteer, query)
    assert result.status == status
    assert (result.substance.key if result.substance else None) == key
    assert result.why.endswith((".", "]."))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("7723-14-0", "stands for Red phosphorus and White phosphorus"),
        ("anhydride", "Acetic anhydride"),
        ("anhydride", "no evidence by itself"),
        ("permanganate", "Potassium permanganate and Sodium permanganate"),
        ("HCl", "no evidence of it in any text"),
        ("4-AP", "also used for 4-Aminopyridine"),
        ("p2np", "Category 1: 2026/314 (about 2026-05-18) [S56; in force, read with medium confidence]"),
        ("pyridine", "shown and counted but never scored"),
        ("acetic anhidryde", "Similar names: Acetic anhydride"),
        ("acid", "names none of them by itself"),
        ("sodium", "Sodium permanganate"),
        ("HS 2914.31", "place 1-Phenyl-2-propanone under 2914.31"),
        ("9403.60", "Nor is it a tariff number"),
        ("acetic anhydride", "Table I: 1988 Table II; Table I since 2001 [S3; read in source]"),
        (
            "sulfuric acid",
            "List II (date not read, so taken as in force since 1988) [general knowledge, unverified]",
        ),
        ("acetone", "Table II since 1988 ["),
    ],
)
def test_what_is_short_or_part_of_names_is_explained(query: str, said: str, gazetteer: Gazetteer) -> None:
    """The answer lists what it may mean and says why it is no evidence alone."""
    assert said in look_up(gazetteer, query).why


def test_the_answer_names_instrument_and_date(gazetteer: Gazetteer) -> None:
    """The reason for a listed substance says which list it stands on, since when, and who said so."""
    why = look_up(gazetteer, "1-boc-4-piperidone").why
    assert "UN 1988 Convention, Table I" in why
    assert "2024-12-03" in why


def test_only_an_abbreviation_is_also_used_for_other_goods(gazetteer: Gazetteer) -> None:
    """Ascorbic acid is abbreviated like acetic anhydride, and never called so."""
    assert "also used for" not in look_up(gazetteer, "acetic anhydride").why


def test_each_source_of_the_law_is_told_of(gazetteer: Gazetteer) -> None:
    """Every code that an answer names as its source stands in docs/law-sources.md."""
    page = Path(__file__).parents[3].joinpath("docs", "law-sources.md").read_text(encoding="utf-8")
    told = {
        f"{number}{part}"
        for number, parts in re.findall(r"^\| (S\d+)([a-z/]*) \|", page, re.MULTILINE)
        for part in parts.split("/")
    }
    sources = {entry.source for substance in gazetteer.substances for entry in substance.entries}
    named = {code for source in sources for code in re.findall(r"\bS\d+[a-z]?\b", source)}
    assert named
    assert named <= told


def test_the_profile_chooses_the_law() -> None:
    """Chloroform is listed when the profile counts the catalogue that lists it, and not otherwise."""
    china = load_gazetteer(read_law(["un,china"], ""))
    assert look_up(china, "chloroform").status == "listed"
    assert china.law in china.edition
    un = load_gazetteer(read_law(["UN"], ""))
    only_un = look_up(un, "red phosphorus")
    assert only_un.status == "not_listed"
    assert "(un)" in only_un.why
    assert f"{len(un.substances)} substances of these lists are known here" in only_un.why


def test_the_law_is_read_as_of_a_date() -> None:
    """A substance scheduled in December 2024 is listed by that table on the day, not on the eve."""
    eve = load_gazetteer(Law(instruments=("un",), as_of=date(2024, 12, 2)))
    day = load_gazetteer(Law(instruments=("un",), as_of=date(2024, 12, 3)))
    assert look_up(eve, "79099-07-3").status == "not_listed"
    assert look_up(day, "79099-07-3").status == "listed"


@pytest.mark.parametrize(
    ("query", "day"),
    [
        ("103-79-7", date(1850, 1, 1)),
        ("103-79-7", date(1987, 12, 31)),
        ("acetone", date(1900, 6, 1)),
        ("sulfuric acid", date(1987, 12, 31)),
        ("toluene", date(1980, 1, 1)),
        ("piperidine", date(1987, 1, 1)),
    ],
)
def test_nothing_was_listed_before_its_instrument_began(query: str, day: date) -> None:
    """An entry whose date was not read is no older than the instrument it stands in."""
    assert look_up(load_gazetteer(Law(as_of=day)), query).status == "not_listed"


@pytest.mark.parametrize(
    ("query", "instrument", "year"),
    [
        ("103-79-7", "un", 1988),
        ("103-79-7", "eu", 2004),
        ("acetone", "eu", 2004),
        ("toluene", "eu", 2004),
        ("sulfuric acid", "us", 1988),
        ("acetone", "us", 1988),
    ],
)
def test_an_entry_without_a_date_counts_since_its_instrument_began(
    query: str, instrument: str, year: int
) -> None:
    """On the eve it is not listed, on the day it is; the answer says that the date was not read."""
    eve = load_gazetteer(Law(instruments=(instrument,), as_of=date(year - 1, 12, 31)))
    day = load_gazetteer(Law(instruments=(instrument,), as_of=date(year, 1, 1)))
    assert look_up(eve, query).status == "not_listed"
    assert look_up(day, query).status == "listed"
    taken = f"date not read, so taken as in force since {year}"
    assert (taken in look_up(day, query).why) == (instrument != "un")


def test_each_law_has_evidence_of_its_own() -> None:
    """Evidence that was read under one law is not taken for that of another."""
    usual = default_gazetteer()
    chosen = gazetteer_of(read_law(["un", "eu"], "2020-12-31"))
    assert (usual.law, chosen.law) == ("un, incb, us, eu", "un, eu as of 2020-12-31")
    assert "7723-14-0" in usual.by_cas
    assert "7723-14-0" not in chosen.by_cas
    assert EvidenceReader(gazetteer=usual).embedder_id != EvidenceReader(gazetteer=chosen).embedder_id


@pytest.mark.parametrize(
    ("instruments", "as_of", "said"),
    [
        (["moon"], "", "moon is not an instrument; choose from un"),
        ([], "", "no instrument"),
        (["un"], "2024", "not a date"),
    ],
)
def test_a_law_that_is_none_is_refused(instruments: list[str], as_of: str, said: str) -> None:
    """The sentence says what was found and what there is."""
    with pytest.raises(LawWrong, match=said):
        read_law(instruments, as_of)


def test_classes_can_be_left_out() -> None:
    """Members that only the wording of a class covers are no hits when classes are left out."""
    plain = load_gazetteer(classes=False)
    assert "101-97-3" not in plain.by_cas
    assert "101-97-3" in load_gazetteer().by_cas


def test_a_class_member_is_explained_by_its_wording(gazetteer: Gazetteer) -> None:
    """The reason quotes the words of the law and warns that many members are ordinary materials."""
    why = look_up(gazetteer, "ethyl phenylacetate").why
    assert "Phenylacetic acid, its esters, and its salts" in why
    assert "ordinary flavour" in why


def test_the_edition_tells_version_and_date(gazetteer: Gazetteer) -> None:
    """The edition carries a version and the date of the build."""
    version, _, built_on = gazetteer.edition.partition(" of ")
    assert version.count(".") == 2
    assert date.fromisoformat(built_on)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1988", "1988"),
        ("1988 Table II; Table I since 2001", "1988"),
        ("CND decision 67/6-67/7 (March 2024); in force 2024-12-03", "2024-12-03"),
        ("final rule 2020-04-15; in force 2020-05-15; halides added 2023-11-30", "2020-05-15"),
        ("final rule FR Doc 2026-06523; effective 2026-05-04", "2026-05-04"),
        ("2020/1737 (2021-01-13)", "2021-01-13"),
        ("February 2018", "2018-02"),
        ("2012 (GK)", "2012"),
        ("", ""),
    ],
)
def test_the_first_day_of_control_is_read(text: str, expected: str) -> None:
    """The build reads the day in force from the wordings of the sources."""
    assert since(text) == expected


def test_a_name_in_a_language_cites_the_source_of_that_language() -> None:
    """The sources of the other languages are left out."""
    assert "safrole is its name in French (source: read in S14)." in look_up(load_gazetteer(), "safrole").why
