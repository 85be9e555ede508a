"""Classes of tries to get in, to hide, to change something unseen, and to break a command."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import shutil
import sys
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from benchmarks.attack.tally import Tally
from benchmarks.attack.works import NOW, in_child
from benchmarks.bad_inputs import try_all
from classifier.errors import ModelFolderWrong
from classifier.model.persistence import check_files, sign_manifest
from cli.main import main as command_line
from crawler.run.run import crawl_source
from crawler.sources.sources import DeclaredSource
from fixtures.builders.login import entered, headers_of
from fixtures.builders.review_store import fill_store
from fixtures.builders.routes import role_asked, routes_of
from fixtures.builders.store import fill_every_table
from fixtures.command_lines import BAD_FILES, TRIED, calls_with_a_bad_file, calls_with_a_bad_value, prepare
from fixtures.tampering import WAYS, copy_of, hidden
from review.accounts.login import OPEN
from store.accounts.users import Role
from store.audit.chain import evidential_tables
from store.audit.verification import AuditBroken, verify
from store.database import open_database, open_in_memory
from store.model import Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from fastapi import FastAPI
    from fastapi.routing import APIRoute
    from fastapi.testclient import TestClient

HEADERS: dict[str, dict[str, str]] = {
    "no header": {},
    "a proxy's header": {"Authorization": "Basic YTpi"},
    "a made-up token": {"Authorization": "Bearer pcw_x"},
    "another origin": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
}
ENDING_THE_SESSION = ("/logout", "/account/password", "/api/me/password")
INJECTED = (
    "' OR 1=1 --", '"; DROP TABLE verdicts; --', "\0", "../../etc/passwd", "<script>alert(1)</script>",
    "9" * 40, "-1", "nan", "x" * 3_000, "%00", "{{7*7}}", "0001-01-01T00:00:00+05:00",
)  # fmt: skip


def web(scratch: Path) -> Tally:
    """Ask for every route as nobody and as a viewer, and as an administrator with what is no value."""
    tally, database = Tally("web"), scratch / "web.db"
    fill_store(database)
    with entered(database, "vera", Role.VIEWER) as viewer, entered(database, "root", Role.ADMIN) as admin:
        routes = [
            (route, method)
            for route in routes_of(cast("FastAPI", admin.app))
            for method in sorted(route.methods or ())
            if route.path not in OPEN
        ]
        for route, method in routes:
            _ask_above_the_role(viewer, route, method, tally)
        viewer.cookies.clear()
        for (route, method), (what, headers) in itertools.product(routes, HEADERS.items()):
            address = _filled(route.path, "1")
            status = viewer.request(method, address, headers=headers, follow_redirects=False).status_code
            tally.tries += 1
            if status < 300 or status >= 500:
                tally.fail(f"{method} {address} with {what} and no session: {status}")
        for (route, method), value in itertools.product(routes, INJECTED):
            if route.path not in ENDING_THE_SESSION:
                _inject(admin, route, method, value, tally)
    return tally


def _ask_above_the_role(viewer: TestClient, route: APIRoute, method: str, tally: Tally) -> None:
    role, address = role_asked(route.dependant), _filled(route.path, "1")
    if role is None or Role.VIEWER.includes(role):
        return
    status = viewer.request(method, address, headers=headers_of(viewer), follow_redirects=False).status_code
    tally.tries += 1
    if status not in {403, 422}:
        tally.fail(f"{method} {address} as a viewer: {status}; it needs the role {role}")


def _inject(admin: TestClient, route: APIRoute, method: str, value: str, tally: Tally) -> None:
    query = {each.name: value for each in route.dependant.query_params} or {"q": value}
    sent = {each.name: value for each in route.dependant.body_params}
    place = quote(value[:200], safe="") if method == "GET" else "1"
    address = _filled(route.path, place)
    answer = admin.request(method, address, params=query, data=sent, headers=headers_of(admin))
    tally.tries += 1
    if answer.status_code >= 500:
        tally.fail(f"{method} {route.path} with {value[:30]!r}: {answer.status_code}")
    if "<script>alert(1)" in answer.text and "html" in answer.headers.get("content-type", ""):
        tally.fail(f"{method} {route.path} gives a script back")


def _filled(path: str, value: str) -> str:
    return re.sub(r"{[^}]*}", value, path)


def archives_and_live(scratch: Path, chance: Random) -> list[Tally]:
    """Crawl misbehaving hosts, hostile saved pages, and archives with random damage among good ones."""
    saved, live = Tally("archives"), Tally("live")
    folder = scratch / "inputs"
    folder.mkdir()
    for each in try_all(folder):
        tally = saved if each.kind == "saved" else live
        tally.tries += 1
        if not each.outcome or not each.sentence or each.outcome.startswith("FOLLOWED"):
            tally.fail(f"{each.kind} {each.name}: {each.outcome} {each.sentence}")
    _crawl_damaged(scratch / "damaged", saved, chance)
    return [saved, live]


def _crawl_damaged(folder: Path, tally: Tally, chance: Random) -> None:
    """Damage copies of a WARC file at random; the good copies among them must be read in full."""
    page = "<title>Acetone {0}</title><h1>Acetone {0}</h1><p>25 kg, 12 EUR</p>"
    (folder / "saved").mkdir(parents=True)
    for number in range(40):
        record = _warc(f"https://shop.example/{number}", page.format(number))
        if number % 2:
            tally.tries += 1
            changed = bytearray(record)
            for _ in range(chance.choice([1, 5, 40])):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            record = bytes(changed[: chance.randrange(1, len(changed))] if number % 3 == 0 else changed)
        (folder / "saved" / f"{number}.warc").write_bytes(record)
    source = Source(
        source_id="damaged", kind=SourceKind.SAVED, name="Damaged", supplied_by="-", supplied_on="2026-11-24"
    )
    declared = DeclaredSource(source=source, archive=folder / "saved")
    if code := in_child(lambda: crawl_source(folder / "store.db", declared, now=lambda: NOW)):
        tally.fail(f"the crawl of damaged archives ended with exit code {code}")
        return
    with closing(open_database(folder / "store.db")) as db:
        read = {row[0] for row in db.execute("SELECT url FROM pages")}
    for number in range(0, 40, 2):
        if f"https://shop.example/{number}" not in read:
            tally.fail(f"the good archive {number}.warc was not read")


def _warc(url: str, body: str) -> bytes:
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}".encode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-03-01T12:00:00Z\r\n"
        f"WARC-Record-ID: <urn:x:{url[-6:]}>\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(answer)}\r\n\r\n"
    )
    return head.encode() + answer + b"\r\n\r\n"


def tampering() -> Tally:
    """Change each column, delete each row, and add a row, in every evidential table, past the triggers."""
    tally, filled = Tally("tampering"), open_in_memory()
    fill_every_table(filled)
    filled.conn.commit()
    for table, way in itertools.product(evidential_tables(filled), WAYS):
        for statement, values in WAYS[way](filled, table.name):
            tally.tries += 1
            with copy_of(filled) as copy:
                with hidden(copy, table.name):
                    copy.conn.execute(statement, values)
                with contextlib.suppress(AuditBroken):
                    verify(copy)
                    tally.fail(f"{statement} {values}: not seen")
    filled.close()
    return tally


def model_folder(trained: Path, scratch: Path, chance: Random) -> Tally:
    """Change, cut, remove, add and exchange files of a signed model."""
    tally = Tally("model folder")
    (folder,) = (path for path in (trained / "models").iterdir() if path.is_dir())
    files = sorted(path.name for path in folder.iterdir() if path.name != "signature.json")
    for name, way in itertools.product(files, ("changed", "cut", "removed", "exchanged")):
        for _ in range(3 if way == "changed" else 1):
            copy = scratch / "model"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(folder, copy)
            path = copy / name
            content = bytearray(path.read_bytes())
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            new = {"changed": bytes(content), "cut": path.read_bytes()[:-1], "exchanged": b"{}"}.get(way)
            path.unlink() if new is None else path.write_bytes(new)
            _expect_refusal(copy, tally, f"{name} {way}")
    (copy / "added.txt").write_text("x", "utf-8")
    _expect_refusal(copy, tally, "a file added")
    shutil.rmtree(copy)
    shutil.copytree(folder, copy)
    sign_manifest(copy, scratch / "other.db")
    signature = (copy / "signature.json").read_bytes()
    (copy / "signature.json").write_bytes(signature[:-20] + b'0"\n}')
    _expect_refusal(copy, tally, "a false signature")
    return tally


def _expect_refusal(folder: Path, tally: Tally, what: str) -> None:
    tally.tries += 1
    with contextlib.suppress(ModelFolderWrong):
        check_files(folder)
        tally.fail(f"{what}: not seen")


def command_lines(scratch: Path, rounds: int) -> Tally:
    """Call every command with bad values, and with every kind of bad file."""
    tally, folder = Tally("command lines"), scratch / "calls"
    folder.mkdir()
    prepare(folder)
    open_database(folder / "precursor-watch.db").conn.close()
    calls = itertools.chain(
        *(calls_with_a_bad_value(name, folder) for name in TRIED),
        *(calls_with_a_bad_file(kind, folder, seed=seed) for kind in BAD_FILES for seed in range(rounds)),
    )
    with contextlib.chdir(folder):
        for words in calls:
            tally.tries += 1
            with _quietly():
                try:
                    command_line(list(words))
                except SystemExit:
                    pass
                except Exception as error:  # noqa: BLE001 (to a person it is a traceback)
                    tally.fail(f"{' '.join(words)!r:.120}: {type(error).__name__}: {error!s:.120}")
    return tally


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO())
    try:
        with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
            yield
    finally:
        sys.stdin = before
