"""Tests of `teach`: a source is taught by values, tested, and every mistake gets a sentence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from crawler.workers.confinement import landlock_version
from tests.cli.calls import call
from tests.crawler.teach.shop import BASE, truth, write_site

pytestmark = pytest.mark.process

NEEDS_LANDLOCK = pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")
HOSTILE = Path(__file__).parents[2] / "fixtures" / "hostile"

TABLE = """
[sources.shop]
name = "Shop"
archive = "saved"
base_url = "https://shop.example/"
supplied_by = "the tests"
supplied_on = 2026-11-24
"""
TAKEN_OVER = """#!{python}
import os, socket
from crawler.extract.page import ExtractedPage
from crawler.teach import desk
from crawler.workers import page_parser
from store.model import PageOutcome

async def parse_response(response, *_):
    if "warm-up" not in str(response.url):
        {attack}
    return ExtractedPage(outcome=PageOutcome.LISTING, sentence="taken over")

page_parser.parse_response = parse_response
desk.main()
"""
PAGES = [f"{BASE}item/{number}.html" for number in (1, 2)]
TITLES = [f"--field=title={truth(number)['title']}" for number in (1, 2)]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A sources file with one saved shop."""
    write_site(tmp_path / "saved", first=5)
    path = tmp_path / "sources.toml"
    path.write_text(TABLE, "utf-8")
    return path


def options(sources: Path) -> list[str]:
    """Return the options of the sources file, and of a store that does not exist yet."""
    return ["--sources", str(sources), "--db", str(sources.with_name("none.db"))]


def test_a_source_is_taught_and_tested(sources: Path) -> None:
    """The pages are listed, a dry run writes nothing, and what was written passes its own test."""
    own, reader = options(sources), sources.parent / "readers" / "shop.toml"
    assert "Lamp shop" in call("teach", "shop", *own).out
    tried = call("teach", "shop", *PAGES, *TITLES, "--dry-run", *own)
    assert ".offer-name" in tried.out
    assert not reader.exists()
    done = call("teach", "shop", *PAGES, *TITLES, "--by", "ada", *own)
    assert done.exit_code == 0
    assert "version 1; the next crawl uses it" in done.err
    assert "3 other pages, 3 with doubts" in done.out
    assert "Lamp of kind 4" in call("teach", "shop", *own).out
    checked = call("teach", "shop", "--check", *own)
    assert (checked.exit_code, checked.out) == (0, "shop: version 1 reads 2 taught pages correctly.\n")
    reader.write_text(reader.read_text("utf-8").replace(".offer-name", "h1"), "utf-8")
    failed = call("teach", "shop", "--check", *own)
    assert failed.exit_code == 1
    assert "it reads title as 'Lamp shop', not 'Lamp of kind 1'" in failed.out


def test_the_lesson_is_printed_as_json(sources: Path) -> None:
    """Programs get the reader, what was not learned, and the preview."""
    said = call(
        "teach", "shop", *PAGES, *TITLES, "--field=seller=Nobody", "--json", "--dry-run", *options(sources)
    )
    lesson = json.loads(said.out)
    assert lesson["reader"]["fields"]["title"]["css"] == ".offer-name"
    assert "'Nobody'" in lesson["unlearned"]["seller"]
    assert {row["url"] for row in lesson["preview"]} == {f"{BASE}item/{number}.html" for number in (3, 4, 5)}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "there is no source 'nowhere'"),
        (["shop", PAGES[0], *TITLES[:1]], "two or three different pages of one layout are needed"),
        (["shop", *PAGES, "--field", "colour=red"], "'colour' is not a field; use one of title, price"),
        (["shop", *PAGES, *TITLES, *TITLES], "title has more values than there are pages (2)"),
        (["shop", *PAGES], "Name what to learn"),
        (["shop", f"{BASE}no", *PAGES, *TITLES], f"shop has no saved page {BASE}no"),
        (["shop", *PAGES, "--field", "title=Nowhere at all"], "Nothing was learned"),
        (
            ["shop", *TITLES],
            "--field was given without a PAGE; a field is learned from two or three saved pages",
        ),
        (["shop", "--check", *PAGES], "--check was given with a PAGE or --field; it takes neither"),
        (["shop", "--check"], "shop has no declared reader; teach the source first"),
    ],
)
def test_each_mistake_gets_a_sentence(arguments: list[str], said: str, sources: Path) -> None:
    """The exit code is not 0, the sentence says what to do, and nothing is written."""
    called = call("teach", *arguments, *options(sources))
    assert called.exit_code != 0
    assert said in called.err
    assert not (sources.parent / "readers").exists()


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("socket.create_connection(('127.0.0.1', 9))", "failed (OSError: [Errno 24] Too many open files"),
        ("open('/etc/hostname')", "failed (OSError: [Errno 24] Too many open files"),
        ("open({victim!r}, 'w')", "failed (OSError: [Errno 24] Too many open files"),
        pytest.param("os.unlink({victim!r})", "failed (PermissionError: ", marks=NEEDS_LANDLOCK),
        pytest.param("os.execv('/bin/true', ['true'])", "failed (PermissionError: ", marks=NEEDS_LANDLOCK),
        ("bytearray(2**40)", "needs more memory than a page may have"),
        ("os.abort()", "The process that reads its pages ended before it answered (exit code -6)"),
    ],
)
def test_a_page_that_takes_over_its_parser_teaches_nothing(
    attack: str, said: str, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can open, change and start nothing, a sentence says why the page is not read, no reader is kept."""
    victim, program = sources.with_name("victim.db"), sources.with_name("taken_over.py")
    victim.write_text("kept")
    program.write_text(TAKEN_OVER.format(python=sys.executable, attack=attack.format(victim=str(victim))))
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    called = call("teach", "shop", *PAGES, *TITLES, *options(sources))
    assert called.exit_code == 1
    assert said in called.err
    assert (victim.read_text(), (sources.parent / "readers").exists()) == ("kept", False)


def test_hostile_pages_are_listed_and_teach_nothing(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that are no HTML, broken or nested without end cost a sentence, not a traceback."""
    monkeypatch.delenv("COLUMNS", raising=False)  # pytest-xdist gives its workers a narrow terminal
    sources.write_text(TABLE.replace('"saved"', repr(str(HOSTILE))), "utf-8")
    own = options(sources)
    listed = call("teach", "shop", *own)
    assert (listed.exit_code, "/item/nested-divs" in listed.out) == (0, True)
    pages = [f"https://hostile.example/item/{name}" for name in ("png-named", "nested-divs")]
    called = call("teach", "shop", *pages, "--field=title=Kettle", *own)
    assert called.exit_code == 1
    assert "Nothing was learned" in called.err
    assert not (sources.parent / "readers").exists()
