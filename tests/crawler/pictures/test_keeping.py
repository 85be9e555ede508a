"""A crawl keeps the pictures that its archive holds and a listing's page names."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from crawler.evidence.verify import verify, verify_bundle
from crawler.evidence.warc_records import body_of
from crawler.pictures import PictureSettings, run
from crawler.pictures.run import read_pictures
from fixtures.builders.pictures import drawn, packed
from review.cases.bundle import make_bundle, make_wacz
from review.cases.exported import case_listings
from store.crawl.evidence import evidence_folder
from store.crawl.pictures import count_unread, pictures_of, shown_picture
from store.database import open_database
from store.review.cases import get_case, open_case, write_entry
from tests.cli.calls import call
from tests.crawler.crawls import NOW, Job, crawl_all, declare

pytestmark = pytest.mark.process

PAGE = """<!doctype html><html lang="en"><!-- saved from url=(0033)https://shop.example/item/{number} -->
<head><title>Solvent {number}</title>
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "Product",
"name": "Solvent, sold by weight, lot {number}", "image": "{image}",
"offers": {{"@type": "Offer", "price": "{number}.00", "priceCurrency": "EUR"}}}}</script></head>
<body><h1>Solvent, sold by weight, lot {number}</h1><img src="{image}"><p>Sold by weight.</p></body></html>"""


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store after two crawls of a folder: two pages with one picture, one whose picture is missing."""
    folder = tmp_path_factory.mktemp("pictures")
    saved = folder / "saved"
    for number, image in (
        (11, "11_files/label.jpg"),
        (12, "12_files/label.jpg"),
        (13, "https://cdn.example/nowhere.jpg"),
    ):
        (saved / f"{number}_files").mkdir(parents=True)
        (saved / f"{number}.html").write_text(PAGE.format(number=number, image=image), encoding="utf-8")
    label = packed(drawn(["CAS 67-64-1"]))
    (saved / "11_files" / "label.jpg").write_bytes(label)
    (saved / "12_files" / "label.jpg").write_bytes(label)
    (folder / "sha256").write_text(hashlib.sha256(label).hexdigest(), encoding="ascii")
    for _ in range(2):
        crawl_all([Job(database=folder / "watch.db", declared=declare(saved))])
    return folder / "watch.db"


def test_picture_beside_a_saved_page_is_evidence(crawled: Path) -> None:
    """Each listing has its picture once, whole in the evidence, which verifies; equal ones count once."""
    sha256 = crawled.with_name("sha256").read_text(encoding="ascii")
    with closing(open_database(crawled)) as db:
        listed = "SELECT sighting_id, title FROM sightings ORDER BY title"
        kept = {row["title"][-2:]: pictures_of(db, row["sighting_id"]) for row in db.execute(listed)}
        assert [(each.place, each.sha256) for each in kept["11"]] == [(0, sha256)]
        assert [each.sha256 for each in kept["12"]] == [sha256]
        assert kept["13"] == []
        assert count_unread(db) == 1
        for each in (*kept["11"], *kept["12"]):
            body = body_of(db, evidence_folder(crawled), each.record_id)
            assert hashlib.sha256(body).hexdigest() == sha256
        verify(db, evidence_folder(crawled))


def test_a_case_file_holds_the_kept_pictures(crawled: Path, tmp_path: Path) -> None:
    """As received, whole by their SHA-256; a picture that the page names and nobody kept is missing."""
    sha256 = crawled.with_name("sha256").read_text(encoding="ascii")
    with closing(open_database(crawled)) as db:
        case_id = open_case(db, "2026/9", "", opened_by="ada", now=NOW)
        for (listing_id,) in db.execute("SELECT listing_id FROM listings ORDER BY url").fetchall():
            write_entry(db, case_id, "listing", listing_id=listing_id, written_by="ada", now=NOW)
        case = get_case(db, case_id)
        found, folder = case_listings(db, case, "ada"), evidence_folder(crawled)
        made = make_bundle(db, found, folder, by="ada", anchor="1:0", case=case, now=NOW)
        wacz = make_wacz(db, found, folder, by="ada", case=case, now=NOW)
    bundle = tmp_path / "case.zip"
    bundle.write_bytes(made.body)
    assert verify_bundle(bundle).listings == 3
    with zipfile.ZipFile(bundle) as archive:
        records = [each for each in json.loads(archive.read("records.json")) if each["part"] == "pictures"]
        body = archive.read("evidence.warc.gz")
        lines = [json.loads(line) for line in archive.read("listings.jsonl").splitlines()]
        missing = json.loads(archive.read("manifest.json"))["missing"]
    assert {each["payload_sha256"] for each in records} == {sha256}
    first = next(each for each in records if each["repeats"] is None)
    member = gzip.decompress(body[first["offset"] : first["offset"] + first["length"]])
    payload = member[-first["payload_bytes"] - len("\r\n\r\n") : -len("\r\n\r\n")]
    assert hashlib.sha256(payload).hexdigest() == sha256
    assert [[each["sha256"] for each in line["pictures_kept"]] for line in lines] == [[sha256], [sha256], []]
    assert [(each["listing_id"], each["why"]) for each in missing if each["part"] == "pictures"] == [
        (lines[2]["listing_id"], "the evidence holds 0 of the 1 that the page names")
    ]
    with zipfile.ZipFile(io.BytesIO(wacz.body)) as archive:
        assert b"label.jpg" not in archive.read("pages/pages.jsonl")
        assert b"label.jpg" in archive.read("indexes/index.cdx")


@pytest.mark.model
def test_kept_picture_is_read_once(crawled: Path) -> None:
    """One reading serves both listings, with a copy for the reviewer; a second pass finds nothing to do."""
    with closing(open_database(crawled)) as db:
        folder, settings = evidence_folder(crawled), PictureSettings()
        read = read_pictures(db, folder, settings, now=lambda: NOW)
        assert read.sentence == "1 picture read: 1 with text, 0 with codes."
        assert read_pictures(db, folder, settings, now=lambda: NOW).pictures == 0
        for (sighting_id,) in db.execute("SELECT sighting_id FROM sighting_pictures").fetchall():
            (picture,) = pictures_of(db, sighting_id)
            assert picture.text == "CAS 67-64-1"
            assert (shown_picture(db, picture.sha256) or b"").startswith(b"RIFF")


@pytest.mark.model
def test_only_what_other_readers_read_is_read_again(
    crawled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--reread` reads a picture anew after the readers changed, and nothing while they are the same."""
    database = Path(shutil.copytree(crawled.parent, tmp_path / "copy")) / crawled.name
    arguments = ("pictures", "--reread", "--db", str(database))
    monkeypatch.setattr(run, "version", lambda _: "0.1")
    assert "1 picture read" in call(*arguments).out
    assert "0 pictures read" in call(*arguments).out
    monkeypatch.undo()
    assert "0 pictures read" in call(*arguments[:1], *arguments[2:]).out
    assert "1 picture read" in call(*arguments).out
    with closing(open_database(database)) as db:
        assert [each[0] for each in db.execute("SELECT read_with FROM pictures")] == [run.read_with()]
