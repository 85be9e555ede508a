"""A sources file that cannot be used is told by source, field, what was found and what is expected."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crawler.run.run import crawl_source
from crawler.sources.sources import NotSuppliedYet, SourcesFileWrong, check_supplied, load_sources
from tests.cli.calls import call

if TYPE_CHECKING:
    from pathlib import Path

RIGHT = {
    "name": '"Shop"',
    "archive": '"saved.wacz"',
    "supplied_by": '"the tests"',
    "supplied_on": "2026-11-02",
    "schedule": '{ cron = "30 3 * * *", timezone = "America/Lima" }',
}


def declared(folder: Path, **fields: str) -> Path:
    """Write a sources file with one saved source, some of its fields as given; an empty one is left out."""
    lines = [f"{key} = {value}" for key, value in (RIGHT | fields).items() if value]
    path = folder / "sources.toml"
    path.write_text("\n".join(["# ours", "[sources.shop]", *lines, ""]), encoding="utf-8")
    return path


def cron(line: str, timezone: str = "UTC") -> str:
    """Return a schedule as it stands in the file."""
    return f'{{ cron = "{line}", timezone = "{timezone}" }}'


WRONG = [  # field, value, what is said of it behind the file's name
    (
        "supplied_on",
        "2026-13-02",
        "sources.shop.supplied_on (line 6) is 2026-13-02, not a calendar date",
    ),
    (
        "supplied_on",
        "2026-02-30",
        "sources.shop.supplied_on (line 6) is 2026-02-30, not a calendar date",
    ),
    (
        "supplied_on",
        "02.11.2026",
        "sources.shop.supplied_on (line 6) is 02.11.2026, not a calendar date",
    ),
    ("supplied_on", '"yesterday"', "sources.shop.supplied_on is 'yesterday', not a date like 2026-11-02"),
    (
        "supplied_on",
        "2026-11-02T10:00:00",
        "sources.shop.supplied_on is 2026-11-02 10:00:00, not a date like",
    ),
    ("supplied_on", "yesterday", "sources.shop.supplied_on (line 6) is yesterday, which is not a TOML value"),
    ("supplied_on", "", "sources.shop lacks 'supplied_on'"),
    ("name", "7", 'sources.shop.name is 7, not text in "quotes"'),
    ("name", "true", 'sources.shop.name is true, not text in "quotes"'),
    ("start", '"https://shop.example"', "sources.shop.start is 'https://shop.example', not a list like ["),
    ("archive", "[]", 'sources.shop.archive is a list, not text in "quotes"'),
    (
        "schedule",
        cron("99 3 * * *"),
        "sources.shop.schedule.cron is '99 3 * * *': its minute is '99', not *, or 0",
    ),
    (
        "schedule",
        cron("0 0 13 * 5"),
        "sources.shop.schedule.cron is '0 0 13 * 5': it restricts both the day of",
    ),
    ("schedule", cron("0 0 * *"), "sources.shop.schedule.cron is '0 0 * *': it has 4 fields, not five"),
    ("schedule", cron("0 0 * * *", "Lima"), "sources.shop.schedule.timezone 'Lima' is not an IANA zone like"),
    ("schedule", "{ every_minutes = true }", "sources.shop.schedule needs either cron and timezone"),
]


@pytest.mark.parametrize(("field", "value", "said"), WRONG)
def test_a_wrong_field_is_told_with_what_is_expected(
    field: str, value: str, said: str, tmp_path: Path
) -> None:
    """The sentence names source, field and value as they stand in the file, and speaks no Python."""
    path = declared(tmp_path, **{field: value})
    with pytest.raises(SourcesFileWrong) as raised:
        load_sources(path)
    assert str(raised.value).startswith(f"The sources file {path} cannot be used: {said}")


def test_a_line_that_is_no_toml_is_quoted(tmp_path: Path) -> None:
    """Without a field to name, the line itself is."""
    path = declared(tmp_path)
    path.write_text(path.read_text("utf-8") + "[sources.\n", "utf-8")
    with pytest.raises(SourcesFileWrong, match=r"line 8 is not TOML: '\[sources\.' \("):
        load_sources(path)


NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize("day", ["2026-11-26", "2026-11-27"])
def test_what_was_supplied_today_can_be_crawled(day: str, tmp_path: Path) -> None:
    """Also where the day begins earlier than in UTC."""
    check_supplied(load_sources(declared(tmp_path, supplied_on=day))["shop"], NOW)


def test_what_was_supplied_in_the_future_is_not_crawled(tmp_path: Path) -> None:
    """By no clock: nothing is begun, and the sentence names the field and what the clock says."""
    shop = load_sources(declared(tmp_path, supplied_on="2931-01-01"))["shop"]
    said = r"sources\.shop\.supplied_on is 2931-01-01, .* clock says 2026-11-26\. Expected the day on which"
    with pytest.raises(NotSuppliedYet, match=said):
        crawl_source(tmp_path / "store.db", shop, now=lambda: NOW)
    assert not (tmp_path / "store.db").exists()
    (tmp_path / "saved.wacz").touch()
    checked = call("sources", "--sources", tmp_path / "sources.toml", "--check")
    assert checked.exit_code == 1
    assert "shop: sources.shop.supplied_on is 2931-01-01" in checked.err
