"""An evidence bundle of a real crawl, checked without the store, whole and after every kind of damage."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cli.evidence import command
from crawler.evidence.bundle import verify_bundle
from crawler.evidence.read import EvidenceWrong
from listings.database import open_database
from listings.evidence import evidence_folder
from listings.model import Decision
from listings.review_settings import change_setting
from listings.reviewed import reviewed_listings
from review.exports.bundle import make_bundle
from tests.crawler.archives.site import BASE, Saved, html, warc
from tests.crawler.crawls import crawl, declare
from tests.listings.build import NOW, judge, score_all, use

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process

CHAIR = html("Oak chair", "<h1>Oak chair</h1><p>Price: 12 EUR</p>")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a site crawled twice, so that a page repeats another, with every listing judged."""
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "site.warc.gz").write_bytes(warc((Saved(url=BASE + "item/1", body=CHAIR),)))
    database = folder / "store.db"
    for _ in range(2):
        crawl(database, declare(folder / "site.warc.gz", source_id="site"))
    with closing(open_database(database)) as db:
        use(db)
        score_all(db)
        change_setting(db, "second_share", 0, changed_by="ada", now=NOW)
        for (sighting_id,) in db.execute("SELECT sighting_id FROM latest_sightings").fetchall():
            judge(db, sighting_id, Decision.OFFER)
        made = make_bundle(
            db, reviewed_listings(db), evidence_folder(database), by="ada", anchor="1:0", now=NOW
        )
    assert (made.listings, made.missing) == (1, 0)
    assert made.records >= 1
    path = folder / "bundle.zip"
    path.write_bytes(made.body)
    return path


def altered(path: Path, to: Path, name: str, body: bytes | None) -> Path:
    """Write the bundle anew with one file replaced, added, or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info))
        if body is not None:
            new.writestr(name, body)
    changed = to / "changed.zip"
    changed.write_bytes(out.getvalue())
    return changed


def test_whole_bundle_matches(bundle: Path) -> None:
    """Listing and record are counted, and the command says so without any database."""
    assert verify_bundle(bundle).listings == 1
    said = CliRunner().invoke(command, ["verify", str(bundle)])
    assert said.exit_code == 0
    assert "1 listings and" in said.output


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("evidence.warc.gz", b"\x1f\x8b", "the manifest says"),
        ("README.txt", None, "README.txt is missing"),
        ("more.txt", b"slipped in", "is not in the manifest"),
        ("listings.jsonl", b"{}", "the manifest says"),
        ("manifest.json", b"no", "is missing or is no JSON"),
    ],
)
def test_damage_is_named(bundle: Path, tmp_path: Path, name: str, body: bytes | None, sentence: str) -> None:
    """A file changed, lost or slipped in is told by name."""
    with pytest.raises(EvidenceWrong, match=sentence):
        verify_bundle(altered(bundle, tmp_path, name, body))


def test_record_is_checked_even_if_the_manifest_was_written_anew(bundle: Path, tmp_path: Path) -> None:
    """Who changes the index and the manifest with it is caught by the record itself."""
    with zipfile.ZipFile(bundle) as old:
        index = json.loads(old.read("records.json"))
        manifest = json.loads(old.read("manifest.json"))
    index[0]["payload_sha256"] = "0" * 64
    body = json.dumps(index).encode()
    manifest["files"]["records.json"]["sha256"] = hashlib.sha256(body).hexdigest()
    once = altered(bundle, tmp_path, "records.json", body)
    twice = altered(once, tmp_path, "manifest.json", json.dumps(manifest).encode())
    with pytest.raises(EvidenceWrong, match="its payload has the SHA-256"):
        verify_bundle(twice)


def test_what_is_no_bundle_is_a_sentence(tmp_path: Path) -> None:
    """Any other file is refused by name."""
    (tmp_path / "x.zip").write_bytes(b"hello")
    with pytest.raises(EvidenceWrong, match="cannot be read as a ZIP file"):
        verify_bundle(tmp_path / "x.zip")
