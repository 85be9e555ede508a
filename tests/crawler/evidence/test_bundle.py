"""An evidence bundle of a real crawl, checked without the store, whole and after every kind of damage."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import re
import shutil
import zipfile
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator

from cli.evidence import command
from crawler.evidence.verify import verify_bundle
from crawler.evidence.warc_records import MAX_HEADERS_BYTES, EvidenceWrong, read_record
from fixtures.builders.store import NOW, judge, score_all, use
from review.cases.bundle import make_bundle, make_wacz
from store.crawl.evidence import FORMAT, UNSIGNED_FORMAT, EvidenceRecord, evidence_folder
from store.database import open_database
from store.model import Decision
from store.review.listings import reviewed_listings
from store.review.workspace import change_setting
from store.signing import SIGNATURE, sign
from tests.crawler.archives.site import BASE, Saved, html, warc
from tests.crawler.crawls import crawl, declare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from review.cases.bundle import Bundle

pytestmark = pytest.mark.process

RECORD = {
    "record_id": "a",
    "offset": 0,
    "length": 1,
    "record_type": "response",
    "run_id": 1,
    "url": "https://x.example/",
    "written_at": "2026-11-24T09:00:00Z",
    "payload_sha256": "0" * 64,
    "payload_bytes": 1,
    "repeats": None,
}


def _manifest(**changes: object) -> bytes:
    whole = {"format": FORMAT, "exported_at": "", "exported_by": "", "listings": 1, "without_page": 0}
    return json.dumps(whole | changes).encode()


def _records(**changes: object) -> bytes:
    return json.dumps([RECORD | changes]).encode()


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


@pytest.fixture
def again(bundle: Path, tmp_path: Path) -> Callable[[], Bundle]:
    """A way to export the same listings from a copy of the store, whose evidence can be damaged."""
    shutil.copytree(bundle.parent, tmp_path / "copy")
    database = tmp_path / "copy" / "store.db"

    def export() -> Bundle:
        with closing(open_database(database)) as db:
            return make_bundle(
                db, reviewed_listings(db), evidence_folder(database), by="ada", anchor="1:0", now=NOW
            )

    return export


def test_a_wacz_has_the_public_layout_and_can_be_crawled_again(bundle: Path, tmp_path: Path) -> None:
    """What WACZ 1.1.1 asks for (specs.webrecorder.net): stored members, hashes, pages, and an index."""
    with closing(open_database(bundle.with_name("store.db"))) as db:
        found = reviewed_listings(db)
        made = make_wacz(db, found, evidence_folder(bundle.with_name("store.db")), by="ada", now=NOW)
    path = tmp_path / "case.wacz"
    path.write_bytes(made.body)
    with zipfile.ZipFile(path) as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    package = json.loads(members["datapackage.json"])
    assert (package["profile"], package["wacz_version"]) == ("data-package", "1.1.1")
    sealed = json.loads(members["datapackage-digest.json"])
    assert sealed["hash"] == f"sha256:{hashlib.sha256(members['datapackage.json']).hexdigest()}"
    stated = {each["path"]: (each["bytes"], each["hash"]) for each in package["resources"]}
    assert stated == {
        name: (len(body), f"sha256:{hashlib.sha256(body).hexdigest()}")
        for name, body in members.items()
        if not name.startswith("datapackage")
    }
    head, *pages = map(json.loads, members["pages/pages.jsonl"].splitlines())
    assert (head["format"], set(pages[0]) >= {"url", "ts"}) == ("json-pages-1.0", True)
    warc_body = members["archive/data.warc.gz"]
    lines = members["indexes/index.cdx"].decode().splitlines()
    assert lines == sorted(lines)
    for line in lines:
        key, stamp, fields = line.split(" ", 2)
        entry = json.loads(fields)
        assert re.fullmatch(r"\d{14}", stamp)
        assert key.endswith(")/item/1")
        start = int(entry["offset"])
        record = next(ArchiveIterator(io.BytesIO(warc_body[start : start + int(entry["length"])])))
        assert record.rec_headers["WARC-Target-URI"] == entry["url"] == BASE + "item/1"
        assert record.rec_headers["WARC-Payload-Digest"] == entry["digest"]
    crawl(tmp_path / "second.db", declare(path, source_id="again"))
    with closing(open_database(tmp_path / "second.db")) as db:
        assert [tuple(row) for row in db.execute("SELECT title FROM latest_sightings")] == [("Oak chair",)]


@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "another"])
def test_a_page_that_cannot_be_read_whole_is_named_not_exported(
    again: Callable[[], Bundle], tmp_path: Path, damage: str
) -> None:
    """The bundle is made all the same, matches, and says of which listing it lacks the page."""
    assert again().missing == 0
    for file in evidence_folder(tmp_path / "copy" / "store.db").iterdir():
        body = file.read_bytes()
        middle = len(body) // 2
        if damage == "gone":
            file.unlink()
        elif damage == "cut":
            file.write_bytes(body[:middle])
        elif damage == "flipped":
            file.write_bytes(bytes(each ^ 0x55 for each in body))
        else:
            file.write_bytes(gzip.compress(b"x") * len(body))
    made = again()
    assert (made.listings, made.records, made.missing) == (1, 0, 1)
    path = tmp_path / "damaged.zip"
    path.write_bytes(made.body)
    assert verify_bundle(path).without_page == 1
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        listing = json.loads(archive.read("listings.jsonl"))
        assert manifest["without_page_ids"] == [listing["listing_id"]]
        readme = archive.read("README.txt").decode()
        assert f"listing {listing['listing_id']}: page: its bytes are gone or damaged" in readme


def resealed(path: Path, to: Path, name: str, body: bytes) -> Path:
    """Write the bundle anew with one file replaced, and its manifest so that it agrees."""
    with zipfile.ZipFile(path) as old:
        manifest = json.loads(old.read("manifest.json"))
    manifest["files"][name] = {"sha256": hashlib.sha256(body).hexdigest()}
    once = altered(path, to, name, body)
    return altered(once, to, "manifest.json", json.dumps(manifest).encode())


def altered(path: Path, to: Path, name: str, body: bytes | None, *, signs: bool = True) -> Path:
    """Write the bundle anew with one file replaced, added, or left out; a stranger signs a new manifest."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if info.filename not in {name, SIGNATURE if name == "manifest.json" and signs else ""}:
                new.writestr(info, old.read(info))
        if body is not None:
            new.writestr(name, body)
        if body is not None and name == "manifest.json" and signs:
            new.writestr(SIGNATURE, sign(body, to / "stranger.db"))
    changed = to / "changed.zip"
    changed.write_bytes(out.getvalue())
    return changed


def test_whole_bundle_matches(bundle: Path) -> None:
    """The command counts listing and record, and needs no database."""
    assert verify_bundle(bundle).listings == 1
    said = CliRunner().invoke(command, ["verify", str(bundle)])
    assert said.exit_code == 0
    assert "1 listing and 1 record match" in said.output


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("evidence.warc.gz", b"\x1f\x8b", "the manifest says"),
        ("README.txt", None, "README.txt is missing"),
        ("more.txt", b"slipped in", "is not in the manifest"),
        ("listings.jsonl", b"{}", "the manifest says"),
        ("manifest.json", b"no", "manifest.json is missing or has another shape"),
        ("manifest.json", b"[]", "manifest.json .*Expected `object`, got `array`"),
        ("manifest.json", b"[" * 100_000, "manifest.json is missing or has another shape"),
        ("manifest.json", b"\xff", "manifest.json is missing or has another shape .JSON is malformed"),
        ("manifest.json", b'{"format": 1}', r"Expected `str`, got `int` - at `\$.format`"),
        ("manifest.json", _manifest(), "missing required field `files`"),
        ("manifest.json", _manifest(files=[]), r"Expected `object`, got `array` - at `\$.files`"),
        ("manifest.json", _manifest(files={"x": 7}), r"Expected `object`, got `int` - at `\$.files"),
        ("manifest.json", _manifest(files={"x": {}}), "missing required field `sha256` - at"),
        ("manifest.json", _manifest(files={}, format="other"), "its format is 'other'; expected"),
    ],
)
def test_damage_is_named(bundle: Path, tmp_path: Path, name: str, body: bytes | None, sentence: str) -> None:
    """A changed, missing or added file is named."""
    with pytest.raises(EvidenceWrong, match=sentence):
        verify_bundle(altered(bundle, tmp_path, name, body))


def test_record_is_checked_even_if_the_manifest_was_written_anew(bundle: Path, tmp_path: Path) -> None:
    """The record's own digest reveals a change that index and manifest hide."""
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
    with zipfile.ZipFile(tmp_path / "x.wacz", "w") as wacz:
        wacz.writestr("datapackage.json", "{}")
    with pytest.raises(EvidenceWrong, match=r"x\.wacz: it is a WACZ; .*`wacz validate"):
        verify_bundle(tmp_path / "x.wacz")


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("records.json", b"{}", "records.json .*Expected `array`, got `object`"),
        ("records.json", b"[7]", r"Expected `object`, got `int` - at `\$\[0"),
        ("records.json", b"[{}]", r"missing required field `record_id` - at `\$\[0"),
        ("records.json", _records(offset="0"), r"Expected `int`, got `str` - at `\$\[\d*\].offset"),
        ("records.json", _records(length=True), r"Expected `int`, got `bool` - at `\$\[\d*\].length"),
        ("records.json", _records(offset=-1), r"Expected `int` >= 0 - at `\$\[\d*\].offset"),
        ("records.json", _records(length=10**30), "refers to bytes outside evidence.warc.gz"),
        ("records.json", _records(payload_bytes=10**12), "Expected `int` <= 500000000"),
        ("records.json", _records(written_at="soon"), "Invalid RFC3339 encoded datetime"),
        ("records.json", _records(repeats=[]), "Expected `str . null`, got `array`"),
        ("listings.jsonl", b"no", "listings.jsonl, line 1 is missing or has another shape"),
        ("listings.jsonl", b"[]\n", "listings.jsonl, line 1 .*Expected `object`"),
        ("listings.jsonl", b'{"listing_id": "a", "text": 1}', r"Expected `str`, got `int` - at `\$.text"),
        ("listings.jsonl", b"", "it holds 0 listings; the manifest says 1"),
        ("evidence.warc.gz", b"", "refers to bytes outside evidence.warc.gz"),
    ],
)
def test_whatever_has_another_shape_is_a_sentence(
    bundle: Path, tmp_path: Path, name: str, body: bytes, sentence: str
) -> None:
    """Also when the manifest agrees with it."""
    with pytest.raises(EvidenceWrong, match=sentence):
        verify_bundle(resealed(bundle, tmp_path, name, body))


@pytest.mark.parametrize("name", ["records.json", "listings.jsonl", "evidence.warc.gz"])
def test_a_bundle_without_one_of_its_parts_is_refused(bundle: Path, tmp_path: Path, name: str) -> None:
    """Though its manifest does not name it either."""
    with zipfile.ZipFile(bundle) as old:
        manifest = json.loads(old.read("manifest.json"))
    del manifest["files"][name]
    once = altered(bundle, tmp_path, name, None)
    twice = altered(once, tmp_path, "manifest.json", json.dumps(manifest).encode())
    with pytest.raises(EvidenceWrong, match=f"{name} is missing"):
        verify_bundle(twice)


def test_a_record_that_unpacks_to_far_too_much_is_not_unpacked(bundle: Path, tmp_path: Path) -> None:
    """A few kilobytes that would fill the memory."""
    bomb = gzip.compress(bytes(MAX_HEADERS_BYTES + 1_000_000))
    once = resealed(bundle, tmp_path, "evidence.warc.gz", bomb)
    with pytest.raises(EvidenceWrong, match="unpacks to far too much"):
        verify_bundle(resealed(once, tmp_path, "records.json", _records(length=len(bomb))))


def test_a_record_changed_in_any_byte_is_a_sentence(bundle: Path, tmp_path: Path) -> None:
    """A changed and repacked record gives a sentence, never a traceback."""
    with zipfile.ZipFile(bundle) as old:
        entry = json.loads(old.read("records.json"))[-1]
        start = entry["offset"]
        member = old.read("evidence.warc.gz")[start : start + entry["length"]]
    record = EvidenceRecord(
        **{name: entry[name] for name in EvidenceRecord.__slots__ if name in entry}
        | {"file": "one.warc.gz", "offset": 0, "written_at": NOW}
    )
    plain, chance, wrong = gzip.decompress(member), random.Random(7), 0
    for _ in range(400):
        changed = bytearray(plain)
        for _ in range(chance.choice((1, 1, 4))):
            at = chance.randrange(len(changed))
            changed[at : at + chance.choice((0, 1, 20))] = chance.choice((b"", b"\r\n", b"\0", b":", b"\xff"))
        packed = gzip.compress(bytes(changed), 1)
        (tmp_path / "one.warc.gz").write_bytes(packed)
        try:
            read_record(tmp_path, replace(record, length=len(packed)))
        except EvidenceWrong:
            wrong += 1
    assert wrong > 300


@pytest.mark.parametrize("at", [40, 90])
def test_a_damaged_zip_is_a_sentence(bundle: Path, tmp_path: Path, at: int) -> None:
    """Damage in the data or the directory of the ZIP gives a sentence."""
    body = bytearray(bundle.read_bytes())
    body[at : at + 20] = b"\xff" * 20
    (tmp_path / "x.zip").write_bytes(body)
    with pytest.raises(EvidenceWrong, match="cannot be read as a ZIP file"):
        verify_bundle(tmp_path / "x.zip")


def test_a_zip_that_is_too_large_or_names_a_file_twice_is_not_read(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum of its files counts; and of two files of one name, others might read the other."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
        made.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("a", b"2")
    with pytest.raises(EvidenceWrong, match="a is in it twice"):
        verify_bundle(tmp_path / "x.zip")
    monkeypatch.setattr("crawler.evidence.verify.MAX_BYTES", 1_000)
    with pytest.raises(EvidenceWrong, match="it would unpack to"):
        verify_bundle(bundle)


def test_a_line_separator_within_a_text_ends_no_listing(bundle: Path, tmp_path: Path) -> None:
    """Lines end at a line feed alone, as JSON lines do."""
    text = "oak\u2028chair"
    line = {"listing_id": "a", "text": text, "text_sha256": hashlib.sha256(text.encode()).hexdigest()}
    body = json.dumps(line, ensure_ascii=False).encode() + b"\n"
    assert verify_bundle(resealed(bundle, tmp_path, "listings.jsonl", body)).listings == 1


def _not_an_offer(bundle: Path, to: Path, *, signs: bool, **changes: object) -> Path:
    """Turn the verdict of a bundle round, and write its manifest anew."""
    with zipfile.ZipFile(bundle) as old:
        listings = old.read("listings.jsonl").replace(b'"offer"', b'"not_offer"')
        manifest = json.loads(old.read("manifest.json")) | changes
    manifest["files"]["listings.jsonl"]["sha256"] = hashlib.sha256(listings).hexdigest()
    once = altered(bundle, to, "listings.jsonl", listings)
    return altered(once, to, "manifest.json", json.dumps(manifest).encode(), signs=signs)


def test_a_verdict_turned_round_with_a_new_manifest_is_found(bundle: Path, tmp_path: Path) -> None:
    """The old signature does not fit a new manifest, and a new signature shows another key."""
    with pytest.raises(EvidenceWrong, match="the manifest is not the one that was signed"):
        verify_bundle(_not_an_offer(bundle, tmp_path, signs=False))
    own = verify_bundle(bundle).signed_by
    forged = _not_an_offer(bundle, tmp_path, signs=True)
    assert verify_bundle(forged).signed_by not in {"", own}
    said = CliRunner().invoke(command, ["verify", str(forged)])
    assert "Signed by the key " in said.output
    assert own not in said.output
    assert isinstance(
        CliRunner().invoke(command, ["verify", "--signed-by", own, str(forged)]).exception, EvidenceWrong
    )
    assert CliRunner().invoke(command, ["verify", "--signed-by", own, str(bundle)]).exit_code == 0


def test_a_bundle_of_the_first_release_is_said_to_be_unsigned(bundle: Path, tmp_path: Path) -> None:
    """An old bundle verifies as unsigned; a new bundle without its signature does not verify."""
    with zipfile.ZipFile(bundle) as old:
        manifest = json.loads(old.read("manifest.json")) | {"format": UNSIGNED_FORMAT}
    body = json.dumps(manifest).encode()
    first = altered(altered(bundle, tmp_path, SIGNATURE, None), tmp_path, "manifest.json", body, signs=False)
    assert verify_bundle(first).signed_by == ""
    assert "Unsigned" in CliRunner().invoke(command, ["verify", str(first)]).output
    with pytest.raises(EvidenceWrong, match="not by the key"):
        raise (
            CliRunner().invoke(command, ["verify", "--signed-by", "0" * 32, str(first)]).exception or OSError
        )
    with pytest.raises(EvidenceWrong, match=r"signature\.json is missing"):
        verify_bundle(altered(bundle, tmp_path, SIGNATURE, None))
