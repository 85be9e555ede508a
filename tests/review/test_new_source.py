"""A saved source is tried and added in the browser, under the checks of the sources file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.sources.sources import load_sources
from fixtures.builders.login import entered, headers_of
from fixtures.builders.store import declared
from store.accounts.users import Role
from tests.crawler.archives.site import BASE, Saved, html, warc

if TYPE_CHECKING:
    from pathlib import Path

TYPED = {
    "source_id": "norte", "name": 'Norte "saved" copy', "archive": "norte.warc.gz", "supplied_by": "R. Ortiz",
    "permission": "letter 114", "supplied_on": "2026-11-01",
}  # fmt: skip


@pytest.fixture
def sources(database: Path) -> Path:
    """A sources file with one source, and an archive beside it that is not declared."""
    chair = html("Oak chair", "<h1>Oak chair</h1><p>Price: 12 EUR</p>")
    database.with_name("norte.warc.gz").write_bytes(warc((Saved(url=BASE + "item/1", body=chair),)))
    file = database.with_name("sources.toml")
    file.write_text(declared("mercado"), encoding="utf-8")
    return file


@pytest.mark.process
def test_it_is_tried_before_it_counts(database: Path, sources: Path) -> None:
    """The trial shows the listing and writes nothing; then the source is in the file and in the log."""
    before = sources.read_text(encoding="utf-8")
    with entered(database, "root", Role.ADMIN) as admin:
        headers = headers_of(admin)
        tried = admin.post("/service/sources/new", data=TYPED | {"wish": "try"}, headers=headers)
        assert "Oak chair" in tried.text, tried.text[-3000:]
        assert sources.read_text(encoding="utf-8") == before
        added = admin.post("/service/sources/new", data=TYPED | {"wish": "add"}, headers=headers)
        assert "The source was added." in added.text
        assert "source:norte" in admin.get("/audit").text
        assert "norte" in admin.get("/service").text
    source = load_sources(sources)["norte"].source
    assert (source.name, source.supplied_by) == (TYPED["name"], "R. Ortiz (letter 114)")
    assert sources.read_text(encoding="utf-8").startswith(before.rstrip())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"archive": "../../etc"}, "lies outside"),
        ({"archive": "/etc/passwd"}, "lies outside"),
        ({"archive": "nothing.zip"}, "there is no archive"),
        ({"source_id": "mercado"}, "already"),
        ({"supplied_on": "2031-01-01"}, "still to come"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    database: Path, sources: Path, wrong: dict[str, str], said: str
) -> None:
    """What was typed stays in the form."""
    before = sources.read_bytes()
    with entered(database, "root", Role.ADMIN) as admin:
        sent = TYPED | wrong | {"wish": "add"}
        answer = admin.post("/service/sources/new", data=sent, headers=headers_of(admin))
    assert answer.status_code == 409
    assert said in answer.text
    assert "R. Ortiz" in answer.text
    assert sources.read_bytes() == before


def test_a_lead_adds_no_source(database: Path, sources: Path) -> None:
    """Only administrators do."""
    with entered(database, "lou", Role.LEAD) as lead:
        sent = TYPED | {"wish": "add"}
        assert lead.post("/service/sources/new", data=sent, headers=headers_of(lead)).status_code == 403
