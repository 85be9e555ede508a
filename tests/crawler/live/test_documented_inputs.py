"""The table of bad inputs in the documentation equals the tested fixtures."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime

from crawler.live.permission import problem, read_permission
from fixtures.misbehaving.hosts import HOSTS
from fixtures.misbehaving.traps import TRAPS
from fixtures.misbehaving.ways import LED_AWAY, WAYS
from store.crawl.sources import Permission
from tests.crawler.crawls import ROOT
from tests.crawler.test_hostile import PAGES

TEXT = (ROOT / "docs" / "live-crawling.md").read_text("utf-8")
ROW = re.compile(r"^\| (\w+) `([^`]+)` \| `(\w+)` \| (.+) \|$", re.MULTILINE)
EXPECTED = {
    **{("page", path): way.outcome.value for path, way in WAYS.items()},
    **{("page", path): "refused" for path in LED_AWAY},
    **{("host", name): host.outcome.value for name, host in HOSTS.items()},
    **{("trap", name): "left" for name in TRAPS},
    **{("saved", name): outcome for name, (outcome, _) in PAGES.items()},
}
MEND = "python -m benchmarks.bad_inputs --markdown"


def test_every_bad_input_is_documented_with_its_outcome() -> None:
    """If this fails, print the table again: see `MEND`."""
    assert {(kind, name): outcome for kind, name, outcome, _ in ROW.findall(TEXT)} == EXPECTED, MEND
    assert len(EXPECTED) >= 40


def test_every_sentence_is_one() -> None:
    """Every sentence begins with a capital letter and ends with a full stop."""
    assert all(said[0].isupper() and said.endswith(".") for *_, said in ROW.findall(TEXT))


def test_the_example_shows_every_key_of_a_permission() -> None:
    """Under the name that is read, and with a value that is taken."""
    table = TEXT.partition("[sources.andes-live.permission]")[2].partition("[sources.andes-live.limits]")[0]
    assert set(tomllib.loads(table)) == set(Permission.__slots__)
    assert problem(read_permission(tomllib.loads(table)), datetime(2026, 11, 24, tzinfo=UTC)) == ""
