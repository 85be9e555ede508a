"""Lists of further jurisdictions are data, and change no reading under other profiles."""

from __future__ import annotations

import csv
from dataclasses import asdict, replace
from datetime import date
from io import StringIO

import pytest

from classifier.gazetteer import Law, ListRow, ListWrong, default_gazetteer, load_gazetteer, look_up, profiles
from classifier.gazetteer.lists import WATCH, differences, read_list, shipped_rows
from classifier.gazetteer.substances import keys_by_cas, known_names
from classifier.reading import find_mentions
from fixtures.gazetteer.sources_page import PAGE, page

ROW = ListRow(
    profile="canada",
    instrument="Canada: an order",
    list="Schedule VI",
    substance="Acetone",
    since="2027-01-01",
    status="in force",
    source="S36",
    confidence="high",
)


def written(*rows: ListRow) -> str:
    """Return rows as a CSV file."""
    out = StringIO()
    table = csv.DictWriter(out, asdict(ROW))
    table.writeheader()
    table.writerows(asdict(row) for row in rows)
    return out.getvalue()


def test_every_shipped_row_is_well_formed() -> None:
    """The files pass the check of an import, and none of their rows is a remark about an unread list."""
    assert len(shipped_rows()) > 300
    assert read_list("all", written(*shipped_rows()), known_names(), keys_by_cas()) == shipped_rows()


@pytest.mark.parametrize(
    ("name", "profile", "as_of", "status"),
    [
        ("phenethyl bromide", "canada", "2026-04-12", "listed"),
        ("phenethyl bromide", "canada", "2025-01-01", "not_listed"),
        ("1451-82-7", "eu", "2026-05-18", "listed"),
        ("1451-82-7", "eu", "2026-05-17", "not_listed"),
        ("1451-82-7", "eu-proposed", "", "listed"),
        ("caffeine", "brazil", "", "watched"),
        ("1,4-butanediol", "uk", "", "listed"),
        ("helional", "australia", "2024-03-01", "listed"),
        ("acetone", "indonesia", "", "listed"),
        ("NPP", "japan", "", "listed"),
    ],
)
def test_each_jurisdiction_answers_for_its_own_days(name: str, profile: str, as_of: str, status: str) -> None:
    """An entry counts in its profile, from its first day to its last."""
    law = Law(instruments=(profile,), as_of=date.fromisoformat(as_of) if as_of else None)
    assert look_up(load_gazetteer(law), name).status == status


def test_what_is_proposed_or_unsure_says_so_wherever_it_is_cited() -> None:
    """The mark is part of the list's name."""
    gazetteer = load_gazetteer(Law(instruments=("eu-proposed", "brazil")))
    said = look_up(gazetteer, "hydrochloric acid").why
    assert "Category 2 (proposed, not in force; low confidence)" in said
    assert "Lista IV (acids) (low confidence)" in look_up(gazetteer, "sulphuric acid").why
    for substance in gazetteer.substances:
        for entry in substance.entries:
            assert (entry.profile == "eu-proposed") == ("not in force" in entry.list_name)


@pytest.mark.parametrize("profile", profiles())
def test_every_profile_answers_with_its_own_instrument(profile: str) -> None:
    """Each entry states instrument, list, source and how surely it was read; no remark is a substance."""
    gazetteer = load_gazetteer(Law(instruments=(profile,)))
    found = [*gazetteer.substances, *(each for each in gazetteer.watched if each.entries)]
    own = [each for each in found if each.entries[0].profile == profile]
    assert own
    for substance in found:
        assert not (substance.name.startswith("(") and substance.name.endswith(")"))
        assert "not read" not in substance.name
        assert all(each.instrument and each.list_name and each.status for each in substance.entries)
    said = look_up(gazetteer, own[0].name).why
    assert own[0].entries[0].instrument in said
    assert own[0].entries[0].status in said


def test_other_profiles_change_no_reading_of_the_default() -> None:
    """What only another profile names is neither found nor a rival; a watched one is never scored."""
    default, everything = default_gazetteer(), load_gazetteer(Law(instruments=profiles()))
    read = {each.key for each in (*default.substances, *default.unlisted)}
    others = {each.key for each in default.elsewhere}
    assert others
    assert not others & read
    added = {key for key in read if key.startswith("list:")}
    assert added == {row.key(known_names()) for row in shipped_rows() if row.profile == "eu"}
    text = "Phenethyl bromide 99 % and caffeine powder, 25 kg drums"
    assert find_mentions([text], default) == [[]]
    named = [hit.substance for hit in find_mentions([text], everything)[0]]
    assert [each.name for each in named if each] == ["Phenethyl bromide"]
    assert all(each.tier != WATCH for each in everything.substances)


def test_a_file_is_checked_whole() -> None:
    """Every mistake is named, each with its row, and nothing is taken over."""
    wrong = written(
        replace(ROW, cas="67-64-2"),
        replace(ROW, substance="Ethyl ether", since="2027-13-01"),
        replace(ROW, substance="Unobtainium"),
        replace(ROW, substance="Toluene", profile="moon"),
        ROW,
        replace(ROW, substance="Piperonal", cas="108-24-7"),
        replace(ROW, substance="Safrole", profile="Mond!", jurisdiction="The Moon"),
        replace(ROW, substance="(list not read)"),
    )
    with pytest.raises(ListWrong) as raised:
        read_list("orders.csv", wrong, known_names(), keys_by_cas())
    for said in (
        "Row 2 (Acetone): 67-64-2 is not a CAS number",
        "Row 3 (Ethyl ether): 2027-13-01 is not a date",
        "Row 4 (Unobtainium): it is a new substance",
        "Row 5 (Toluene): moon is none of",
        "Row 6 (Acetone) stands twice",
        "Row 7 (Piperonal): 108-24-7 is the number of another substance",
        "Row 8 (Safrole): Mond! is not a short name",
        "Row 9 ((list not read)): a remark in brackets is no substance",
        "Nothing was imported.",
    ):
        assert said in str(raised.value)
    for text, said in (
        ("a,b\n1,2\n", "The column a is unknown."),
        (written(ROW).replace("item", "since", 1), "The column since stands twice."),
        ("", "missing"),
        ('"', "not a CSV file"),
    ):
        with pytest.raises(ListWrong, match=said):
            read_list("orders.csv", text, known_names(), keys_by_cas())


def test_two_editions_differ_by_rows() -> None:
    """Rows are compared by profile, list, item and substance."""
    old = [ROW, replace(ROW, substance="Toluene")]
    new = [replace(ROW, since="2027-02-01"), replace(ROW, substance="Ethyl ether")]
    assert [str(each) for each in differences(old, new, known_names())] == [
        "removed: Toluene, canada, Schedule VI",
        "changed: Acetone, canada, Schedule VI; since 2027-01-01 -> 2027-02-01",
        "added: Ethyl ether, canada, Schedule VI, since 2027-01-01",
    ]


def test_the_page_of_sources_is_up_to_date() -> None:
    """It is written from the data: `python -m fixtures.gazetteer.sources_page`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_an_entry_that_ends_says_until_when() -> None:
    """Under the law of a day on which it was still in force."""
    law = Law(instruments=("canada",), as_of=date(2026, 4, 1))
    said = look_up(load_gazetteer(law), "phenethyl bromide").why
    assert "CDSA Schedule V (temporary): 2025-04-14 to 2026-04-13 [" in said
    ended = replace(ROW, since="2026-01-01", until="2026-06-30")
    said = look_up(load_gazetteer(replace(law, imported=(ended,))), "acetone").why
    assert "Schedule VI since 2026-01-01, until 2026-06-30 [" in said


@pytest.mark.parametrize(
    ("until", "last"),
    [("2027", "2027-12-31"), ("2028-02", "2028-02-29"), ("2027-11-30", "2027-11-30")],
)
def test_a_year_or_month_as_the_end_means_its_last_day(until: str, last: str) -> None:
    """The entry is in force up to that day, and is said to be."""
    entry = replace(ROW, since="2026", until=until).entry()
    assert entry.until == date.fromisoformat(last)
    assert entry.dated == f"Schedule VI since 2026, until {last}"


def test_an_entry_may_begin_and_end_in_one_year() -> None:
    """`2026-05` lies before the end of `2026`; a month after the end is still refused."""
    good = (replace(ROW, since="2026-05", until="2026"),)
    assert read_list("orders.csv", written(*good), known_names(), keys_by_cas()) == good
    wrong = written(replace(ROW, since="2026-05", until="2026-04"))
    with pytest.raises(ListWrong, match=r"it ends \(2026-04\) before it begins"):
        read_list("orders.csv", wrong, known_names(), keys_by_cas())
