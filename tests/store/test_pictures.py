"""Which listings have which pictures, what was read in them, and who else has the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fixtures.builders.store import FULL, NOW, crawl_run, keep_picture, page
from store.crawl.pages import SeenListing, record_page
from store.crawl.pictures import (
    REMOVED,
    PictureCode,
    PictureLine,
    PictureReading,
    count_unread,
    forget_readings,
    forget_removed,
    pictured_sightings,
    pictures_of,
    read_up_to,
    record_reading,
    same_pictures,
    shown_picture,
    unread_pictures,
)
from store.crawl.runs import end_run
from store.model import RunOutcome
from tests.searches import search

if TYPE_CHECKING:
    from store.database import Database

BOX = (0.1, 0.1, 0.5, 0.1)
READING = PictureReading(
    format="JPEG",
    width=640,
    height=480,
    lines=(PictureLine(text="CAS 67-64-1", box=BOX, confidence=0.99, reader="rapidocr"),),
    codes=(
        PictureCode(format="QRCode", text="https://t.me/solvent_shop", box=BOX),
        PictureCode(format="EAN13", text="4006381333931", box=BOX),
    ),
    perceptual_hash=bytes(range(8)),
    shown=b"RIFF",
)


def see_pictures(db: Database, run_id: int, number: int, *hashes: str) -> None:
    """Record the page of a listing with pictures."""
    content = replace(FULL, item_id=f"A-{number}", title=f"{FULL.title} {number}")
    url = f"https://andes.example/{number}"
    pictures = tuple(keep_picture(db, run_id, sha256) for sha256 in hashes)
    record_page(db, page(run_id, url), [SeenListing(url=url, content=content, pictures=pictures)])


def read(db: Database, sha256: str, reading: PictureReading = READING) -> None:
    """Store what was read in a picture."""
    record_reading(db, sha256, reading, read_with="tests 1", now=NOW)


def remove_evidence(db: Database) -> None:
    """Bury every evidence file, as a purge does."""
    values = "file, bytes, sha256, 'over', 'ada', '2026-12-01T00:00:00Z'"
    db.execute("INSERT INTO evidence_seals SELECT file, 1, '', '', '' FROM evidence_files")
    db.execute(
        "INSERT INTO evidence_tombstones (file, bytes, sha256, reason, purged_by, purged_at) "
        f"SELECT {values} FROM evidence_seals"
    )
    forget_removed(db)


def test_picture_that_replaces_another_under_its_address_is_added(db: Database) -> None:
    """The content of the listing is unchanged, so its sighting gains the new one and keeps the old one."""
    run = crawl_run(db)
    see_pictures(db, run, 1, "aa")
    end_run(db, run, RunOutcome.DONE, "Done.", now=NOW)
    run = crawl_run(db)
    see_pictures(db, run, 1, "aa", "bb")
    assert [(each.place, each.sha256) for each in pictures_of(db, 1)] == [(0, "aa"), (1, "bb")]
    assert pictures_of(db, 1)[0].text is None


def test_each_picture_is_read_once_in_order(db: Database) -> None:
    """Two listings with one picture wait for one reading; all before the first unread one is read."""
    run = crawl_run(db)
    see_pictures(db, run, 1, "aa")
    see_pictures(db, crawl_run(db), 2, "aa", "bb")
    assert [each.sha256 for each in unread_pictures(db, limit=9)] == ["aa", "bb"]
    read(db, "aa")
    assert (count_unread(db), read_up_to(db)) == (1, 2)
    read(db, "bb")
    assert (count_unread(db), read_up_to(db)) == (0, 3)
    assert forget_readings(db, except_with="tests 1") == 0
    assert forget_readings(db, except_with="tests 2") == 2
    assert count_unread(db) == 2


def test_text_of_square_codes_joins_the_lines(db: Database) -> None:
    """A bar code holds an article number, which is no text of the seller."""
    see_pictures(db, crawl_run(db), 1, "aa")
    read(db, "aa")
    (picture,) = pictures_of(db, 1)
    assert picture.text == "CAS 67-64-1\nhttps://t.me/solvent_shop"
    assert (picture.lines, picture.codes) == (READING.lines, READING.codes)
    assert shown_picture(db, "aa") == b"RIFF"


def test_search_finds_a_listing_by_the_text_of_its_picture(db: Database) -> None:
    """Before or after the listing is seen; words of its text and of its picture may be searched together."""
    see_pictures(db, crawl_run(db), 1, "aa")
    read(db, "aa")
    see_pictures(db, crawl_run(db), 2, "aa")
    for terms in ("67-64-1", "solvent 67-64-1", "solvent_shop"):
        assert {each.content.title[-1] for each in search(db, terms)} == {"1", "2"}, terms
    assert search(db, "67-64-2") == []


def test_search_forgets_an_earlier_reading_of_a_picture(db: Database) -> None:
    """A picture that is read again is found by its new text only."""
    see_pictures(db, crawl_run(db), 1, "aa")
    read(db, "aa", replace(READING, codes=()))
    read(db, "aa", replace(READING, lines=(replace(READING.lines[0], text="CAS 67-64-2"),), codes=()))
    assert (search(db, "67-64-1"), len(search(db, "67-64-2"))) == ([], 1)


def test_same_picture_is_found_by_bytes_and_by_likeness(db: Database) -> None:
    """Seven of 64 bits may differ, wherever they are; one too plain for a hash is found by bytes alone."""
    for number, sha256 in enumerate(("aa", "aa", "near", "far", "plain"), start=1):
        see_pictures(db, crawl_run(db), number, sha256)
    near = int.from_bytes(bytes(range(8)), "big") ^ 0x0101_0101_0101_0100
    far = near ^ 0b11
    read(db, "aa")
    read(db, "near", replace(READING, perceptual_hash=near.to_bytes(8, "big")))
    read(db, "far", replace(READING, perceptual_hash=far.to_bytes(8, "big")))
    read(db, "plain", replace(READING, perceptual_hash=None))
    listing_of = {row["title"][-1]: row["listing_id"] for row in db.execute("SELECT * FROM sightings")}
    same = same_pictures(db, listing_of["1"], ["aa"], limit=9)
    assert {(each.title[-1], each.bits) for each in same} == {("2", 0), ("3", 7)}
    assert same_pictures(db, listing_of["5"], ["plain"], limit=9) == []


def test_reading_goes_with_the_last_evidence_of_its_picture(db: Database) -> None:
    """Once no file holds the picture, neither copy nor text nor likeness is left, nor do searches find it."""
    see_pictures(db, crawl_run(db), 1, "aa")
    read(db, "aa")
    forget_removed(db)
    assert shown_picture(db, "aa") == b"RIFF"
    remove_evidence(db)
    (picture,) = pictures_of(db, 1)
    assert (picture.text, picture.is_shown, count_unread(db)) == ("", False, 0)
    assert picture.sentence == "The evidence of the picture was removed when its retention ended."
    left = "SELECT (SELECT count(*) FROM picture_bands), (SELECT said FROM named_fts)"
    bands, said = db.execute(left).fetchone()
    assert (bands, "shop" in said) == (0, False)
    known = {row[0] for row in db.execute("SELECT word FROM words")}
    assert known & {"shop", "67", "solvent", "drum"} == {"solvent", "drum"}  # these are in its title too
    assert search(db, "solvent_shop") == []
    assert search(db, FULL.title)


def test_likeness_and_words_that_an_earlier_purge_left_go_with_the_next(db: Database) -> None:
    """Until December 2026 a purge removed the text of a picture, but neither its likeness nor its words."""
    see_pictures(db, crawl_run(db), 1, "aa")
    read(db, "aa")
    db.execute("UPDATE pictures SET text = '', sentence = ?", [REMOVED])
    remove_evidence(db)
    assert db.execute("SELECT count(*) FROM picture_bands").fetchone()[0] == 0
    assert search(db, "solvent_shop") == []


def test_picture_that_is_seen_again_after_its_removal_is_read_again(db: Database) -> None:
    """It is read from the new evidence, since that of the earlier sighting is gone."""
    see_pictures(db, crawl_run(db), 1, "aa")
    read(db, "aa")
    remove_evidence(db)
    see_pictures(db, crawl_run(db), 2, "aa")
    (unread,) = unread_pictures(db, limit=9)
    assert (unread.sha256, unread.record_id) == ("aa", "record 1")
    read(db, "aa")
    assert {each.content.title[-1] for each in search(db, "67-64-1")} == {"1", "2"}


def test_unchanged_listing_gets_its_removed_picture_again(db: Database) -> None:
    """The sighting gains the new evidence once, in the old place, and its picture is read again."""
    run = crawl_run(db)
    see_pictures(db, run, 1, "aa", "bb")
    end_run(db, run, RunOutcome.DONE, "Done.", now=NOW)
    read(db, "aa")
    read(db, "bb")
    remove_evidence(db)
    for _ in range(2):
        run = crawl_run(db)
        see_pictures(db, run, 1, "aa")
        end_run(db, run, RunOutcome.DONE, "Done.", now=NOW)
    (unread,) = unread_pictures(db, limit=9)
    assert (unread.sha256, unread.record_id) == ("aa", "record 2")
    read(db, "aa")
    assert [(each.place, each.record_id, each.is_shown) for each in pictures_of(db, 1)] == [
        (0, "record 2", True),
        (1, "record 1", False),
    ]
    (pictured,) = pictured_sightings(db, after=2, limit=9)
    assert pictured.said == "CAS 67-64-1\nhttps://t.me/solvent_shop"
    assert len(search(db, "solvent_shop")) == 1
