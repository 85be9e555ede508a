"""Digests that an archive states of its own content: right, wrong, unknown and broken ones."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
from contextlib import closing
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.archives import open_archive
from crawler.evidence.warc_records import show
from store.crawl.evidence import evidence_folder
from store.crawl.pages import digest_finding
from store.database import open_database
from store.model import DigestFinding, DigestResult, RunOutcome
from tests.cli.calls import call
from tests.crawler.archives.site import BASE, html
from tests.crawler.crawls import crawl, declare

if TYPE_CHECKING:
    from pathlib import Path

BODY = html("Chair", "of beech")
ALTERED = BODY.replace(b"beech", b"birch")
PAYLOAD, BLOCK = "WARC-Payload-Digest", "WARC-Block-Digest"


def written(
    *urls: str,
    body: bytes = BODY,
    payload_digest: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    is_gzip: bool = False,
) -> bytes:
    """Return a WARC by warcio, with its own payload digest unless another is given."""
    stream = io.BytesIO()
    writer = WARCWriter(stream, gzip=is_gzip)
    for url in urls or (BASE,):
        http = StatusAndHeaders("200 OK", [("Content-Type", "text/html"), *headers], protocol="HTTP/1.1")
        record = writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=http)
        writer.write_record(record)
        record.raw_stream.close()  # a temporary file of warcio
    own, stated = rb"(?m)^WARC-Payload-Digest: .*\r$", f"{PAYLOAD}: {payload_digest}\r".encode()
    return re.sub(own, lambda _: stated, stream.getvalue()) if payload_digest else stream.getvalue()


def wacz(warc: bytes, package: object, **others: bytes) -> bytes:
    """Return a WACZ with a package list, as JSON or as raw bytes; None leaves the list out."""
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        if package is not None:
            archive.writestr(
                "datapackage.json", package if isinstance(package, bytes) else json.dumps(package)
            )
        archive.writestr("archive/data.warc.gz", warc)
        for name, content in others.items():
            archive.writestr(name.replace("__", "-") + ".json", content)
    return stream.getvalue()


def package_of(warc: bytes, algorithm: str = "sha256") -> dict[str, object]:
    """Return the package list of a WACZ with one WARC."""
    hashed = f"{algorithm}:{hashlib.sha256(warc).hexdigest()}"
    return {"resources": [{"name": "data.warc.gz", "path": "archive/data.warc.gz", "hash": hashed}]}


def finding(path: Path, url: str = BASE) -> DigestFinding | None:
    """Return the finding on a page of an archive, which is served whole in any case."""
    with open_archive(path) as archive:
        page = archive.fetch(url)
    assert page is not None
    assert (page.fault, page.sentence) == (None, "")
    assert b"Chair" in page.body
    return page.digest


@pytest.mark.parametrize("is_gzip", [True, False])
def test_right_digests_give_no_finding(*, is_gzip: bool, tmp_path: Path) -> None:
    """A file by warcio, with payload and block digests, matches."""
    made = written(is_gzip=is_gzip)
    assert is_gzip or b"WARC-Payload-Digest: sha1:" in made
    assert is_gzip or b"WARC-Block-Digest: sha1:" in made
    (tmp_path / "a.warc").write_bytes(made)
    assert finding(tmp_path) is None


def test_an_altered_page_is_served_with_a_mismatch_of_both_digests(tmp_path: Path) -> None:
    """One word was changed; both digests are shown as stated and as computed."""
    (tmp_path / "a.warc").write_bytes(written().replace(b"beech", b"birch"))
    found = finding(tmp_path)
    assert found is not None
    assert found.result is DigestResult.MISMATCH
    stated = base64.b32encode(hashlib.sha1(BODY).digest()).decode()
    assert f"{PAYLOAD} sha1:{stated}, computed sha1:{hashlib.sha1(ALTERED).hexdigest()}" in found.details
    assert BLOCK in found.details


def test_altered_http_headers_break_the_block_digest_alone(tmp_path: Path) -> None:
    """The payload digest does not cover them."""
    (tmp_path / "a.warc").write_bytes(written().replace(b"text/html\r\n", b"text/HTML\r\n"))
    found = finding(tmp_path)
    assert found is not None
    assert found.result is DigestResult.MISMATCH
    assert found.details.startswith(f"{BLOCK} sha1:")


SHA256 = hashlib.sha256(BODY).digest()
FORMS = [
    "sha256:" + SHA256.hex(),
    "SHA-256:" + SHA256.hex().upper(),
    "sha256:" + base64.b32encode(SHA256).decode(),
    "sha256:" + base64.b32encode(SHA256).decode().rstrip("=").lower(),
    "sha256:" + base64.b64encode(SHA256).decode(),
    "sha256:" + base64.urlsafe_b64encode(SHA256).decode().rstrip("="),
    "sha512:" + hashlib.sha512(BODY).hexdigest(),
    "md5:" + hashlib.md5(BODY, usedforsecurity=False).hexdigest(),
]


@pytest.mark.parametrize("stated", FORMS)
@pytest.mark.parametrize("body", [BODY, ALTERED])
def test_a_digest_is_read_in_every_form_in_use(stated: str, body: bytes, tmp_path: Path) -> None:
    """Base 16, 32 and 64, padded or not; the right body matches and an altered one does not."""
    (tmp_path / "a.warc").write_bytes(written(body=body, payload_digest=stated))
    found = finding(tmp_path)
    assert (found is None) == (body == BODY)
    assert found is None or found.result is DigestResult.MISMATCH


CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("sent", "header"),
    [(gzip.compress(BODY), ("Content-Encoding", "gzip")), (CHUNKED, ("Transfer-Encoding", "chunked"))],
)
def test_a_digest_of_the_unpacked_body_matches(sent: bytes, header: tuple[str, str], tmp_path: Path) -> None:
    """Some crawlers take the digest over the body as sent, others over the unpacked body."""
    (tmp_path / "a.warc").write_bytes(written(body=sent, headers=(header,)))
    assert finding(tmp_path) is None
    stated = f"sha256:{SHA256.hex()}"
    (tmp_path / "a.warc").write_bytes(written(body=sent, headers=(header,), payload_digest=stated))
    assert finding(tmp_path) is None


@pytest.mark.parametrize(
    "stated", ["blake9:ab", "sha1:AAAA", "sha1", "sha256:" + "!" * 64, "sha1:" + "é" * 40]
)
def test_a_digest_that_cannot_be_understood_is_said_and_costs_nothing(stated: str, tmp_path: Path) -> None:
    """An unknown algorithm or form is no mismatch."""
    (tmp_path / "a.warc").write_bytes(written(payload_digest=stated))
    found = finding(tmp_path)
    assert found is not None
    assert found.result is DigestResult.UNCHECKED
    assert "cannot be compared" in found.details


@pytest.mark.parametrize("is_gzip", [True, False])
def test_a_wacz_with_right_hashes_gives_no_finding(*, is_gzip: bool, tmp_path: Path) -> None:
    """Hash of the WARC, and hash of the package list."""
    made = written(is_gzip=is_gzip)
    package = json.dumps(package_of(made)).encode()
    digest = json.dumps({"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(package).hexdigest()}"})
    (tmp_path / "a.wacz").write_bytes(wacz(made, package, datapackage__digest=digest.encode()))
    assert finding(tmp_path) is None


def test_a_warc_changed_after_packing_is_a_mismatch_on_each_of_its_pages(tmp_path: Path) -> None:
    """A rewritten WARC has matching record digests, but not the hash in the package list."""
    changed = written(BASE, BASE + "b", body=ALTERED, is_gzip=True)
    (tmp_path / "a.wacz").write_bytes(wacz(changed, package_of(written(is_gzip=True))))
    for url in (BASE, BASE + "b"):
        found = finding(tmp_path, url)
        assert found is not None
        assert found.result is DigestResult.MISMATCH
        assert "a.wacz#archive/data.warc.gz in datapackage.json sha256:" in found.details


def test_a_warc_gzipped_as_a_whole_is_compared_as_it_is_packed(tmp_path: Path) -> None:
    """The stated hash is of the packed file, not of its unpacked copy."""
    whole = gzip.compress(written(BASE, BASE + "b"))
    (tmp_path / "a.wacz").write_bytes(wacz(whole, package_of(whole)))
    assert finding(tmp_path) is None
    (tmp_path / "a.wacz").write_bytes(wacz(whole, package_of(b"another")))
    found = finding(tmp_path)
    assert found is not None
    assert found.result is DigestResult.MISMATCH


def test_a_changed_package_list_is_a_mismatch(tmp_path: Path) -> None:
    """The list has a hash of its own."""
    made, digest = written(), b'{"path": "datapackage.json", "hash": "sha256:' + b"0" * 64 + b'"}'
    (tmp_path / "a.wacz").write_bytes(wacz(made, package_of(made), datapackage__digest=digest))
    found = finding(tmp_path)
    assert found is not None
    assert found.result is DigestResult.MISMATCH
    assert "datapackage.json in datapackage-digest.json" in found.details


def test_a_wacz_in_a_wacz_is_compared_too(tmp_path: Path) -> None:
    """The hash of the inner file concerns the pages in it."""
    inner = wacz(written(), {})
    for package, is_right in ((package_of(inner), True), (package_of(b"another"), False)):
        outer = wacz(inner, json.loads(json.dumps(package).replace("data.warc.gz", "inner.wacz")))
        with ZipFile(io.BytesIO(outer)) as old, ZipFile(tmp_path / "a.wacz", "w") as new:
            for name in old.namelist():
                new.writestr(name.replace("data.warc.gz", "inner.wacz"), old.read(name))
        assert (finding(tmp_path) is None) == is_right


@pytest.mark.parametrize("package", [None, {}, {"resources": []}, {"resources": [{"path": "archive/x"}]}])
def test_a_wacz_that_states_no_hash_changes_nothing(package: object, tmp_path: Path) -> None:
    """The list of files may be missing, or without hashes."""
    (tmp_path / "a.wacz").write_bytes(wacz(written(), package))
    assert finding(tmp_path) is None


BROKEN = [
    b"{", b"", b"[]", b"3", b"\xff\xfe", b"[" * 200_000, b'{"resources": 3}', b'{"resources": ["a"]}',
    b'{"resources": [{"hash": "sha256:00"}]}',
]  # fmt: skip


@pytest.mark.parametrize("package", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_package_list_is_said_and_costs_nothing(package: bytes, tmp_path: Path) -> None:
    """The pages are read without the comparison."""
    (tmp_path / "a.wacz").write_bytes(wacz(written(), package))
    found = finding(tmp_path)
    assert found is not None
    assert found.result is DigestResult.UNCHECKED
    assert "datapackage.json cannot be read" in found.details


@pytest.mark.parametrize("hashed", ["whirl9:00", "sha256:00"])
def test_an_unknown_hash_of_a_file_is_said(hashed: str, tmp_path: Path) -> None:
    """An unknown algorithm is reported as unchecked, not as a mismatch."""
    package = {"resources": [{"path": "archive/data.warc.gz", "hash": hashed}]}
    (tmp_path / "a.wacz").write_bytes(wacz(written(), package))
    found = finding(tmp_path)
    assert found is not None
    assert found.result is DigestResult.UNCHECKED


def test_a_warc_that_the_package_list_omits_is_said(tmp_path: Path) -> None:
    """The finding says that the file may have been added after packing."""
    package = {"resources": [{"path": "archive/other.warc.gz", "hash": "sha256:" + "0" * 64}]}
    (tmp_path / "a.wacz").write_bytes(wacz(written(), package))
    found = finding(tmp_path)
    assert found is not None
    assert found.details == "datapackage.json states no hash of archive/data.warc.gz"


@pytest.mark.process
def test_a_mismatch_is_said_by_the_crawl_and_kept_with_the_page(tmp_path: Path) -> None:
    """The run counts it; the row, the evidence and `evidence show` carry it; the page is read as ever."""
    saved, database = tmp_path / "saved", tmp_path / "precursor-watch.db"
    saved.mkdir()
    (saved / "a.warc").write_bytes(
        written(BASE + "right") + written(BASE + "wrong").replace(b"beech", b"birch")
    )
    (saved / "b.warc").write_bytes(written(BASE + "unknown", payload_digest="blake9:ab"))
    run = crawl(database, declare(saved))
    assert run.outcome is RunOutcome.DONE
    assert "The bytes of 1 page do not match the digest that the archive states." in run.sentence
    assert "The stated digests of 1 page could not be compared." in run.sentence
    assert (run.counts["pages"], run.counts["digest_mismatch"], run.counts["digest_unchecked"]) == (3, 1, 1)
    with closing(open_database(database)) as db:
        pages = dict(db.execute("SELECT url, page_id FROM pages").fetchall())
        right, wrong = (digest_finding(db, pages[BASE + name]) for name in ("right", "wrong"))
        _, kept, body = show(db, evidence_folder(database), BASE + "wrong")
    assert right is None
    assert wrong is not None
    assert (wrong.result, body) == (DigestResult.MISMATCH, ALTERED)
    assert kept.record_type == "response"
    (warc,) = evidence_folder(database).glob("*.warc.gz")
    assert f"digest: mismatch: {wrong.details}\r\n".encode() in gzip.decompress(warc.read_bytes())
    said = call("evidence", "show", BASE + "wrong", "--db", database).out
    assert f"The bytes do not match the digest that the supplied archive states: {wrong.details}" in said
    assert "digest that the supplied" not in call("evidence", "show", BASE + "right", "--db", database).out
