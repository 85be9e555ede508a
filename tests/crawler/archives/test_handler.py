"""A real Scrapy crawl of a saved site, in a child process in which no socket can be made."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy import Request, Spider
from scrapy.exceptions import NotConfigured
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from crawler.archives import open_archive
from crawler.run.saved import NotInArchive, SavedPageHandler, saved_settings
from tests.crawler.archives.site import BASE, REDIRECT, Saved, response, write_folder, write_warc_gz

ROOT = Path(__file__).parents[3]


def crawl(archive: Path, *urls: str) -> dict[str, dict[str, object]]:
    """Crawl in a child process and return what was seen, by URL."""
    command = [sys.executable, "-m", "tests.crawler.archives.crawl_saved", str(archive), *urls]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    answer = json.loads(done.stdout)
    assert answer["are_blocked"]
    return {page["url"]: page for page in answer["seen"]}


OTHER_SCHEMES = ("file:///etc/hostname", "data:,hello", "ftp://shop.example/a", "s3://shop/a")


@pytest.mark.process
def test_a_crawl_follows_links_within_the_archive_without_any_socket(tmp_path: Path) -> None:
    """From the home page the list and its items are reached; what was not saved is not, nor other schemes."""
    seen = crawl(write_folder(tmp_path / "site"), BASE + "index.html", BASE + "absent.html", *OTHER_SCHEMES)
    refused = [str(seen.pop(url)["error"]) for url in OTHER_SCHEMES]
    assert all("Unsupported URL scheme" in error for error in refused)
    assert {url: page.get("title") for url, page in seen.items()} == {
        BASE + "index.html": "Home",
        BASE + "list/page1.html": "Goods",
        BASE + "item/1.html": "Garden chair",
        BASE + "item/2.html": "园艺椅",
        BASE + "absent.html": None,
    }
    assert seen[BASE + "absent.html"]["error"] == "NotInArchive"
    assert seen[BASE + "index.html"]["flags"] == ["saved"]
    assert seen[BASE + "index.html"]["type"] == "HtmlResponse"
    assert seen[BASE + "index.html"]["locator"]


@pytest.mark.process
def test_a_saved_redirect_is_followed_within_the_archive(tmp_path: Path) -> None:
    """Scrapy follows a saved redirect to its saved target and continues from there."""
    seen = crawl(write_warc_gz(tmp_path / "site"), REDIRECT.url)
    assert seen[BASE + "index.html"]["status"] == 200
    assert seen[BASE + "item/2.html"]["title"] == "园艺椅"


def test_the_handler_answers_with_the_saved_response(tmp_path: Path) -> None:
    """Status, headers sent twice, body and flag come back; the page as saved lies in the request's meta."""
    page = Saved(url=BASE, body=b"<p>", status="404 Not Found")
    headers = "Content-Type: text/html\r\nX-A: 1\r\nX-A: 2\r\n"
    (tmp_path / "a.warc").write_bytes(response(page, headers=headers))
    with open_archive(tmp_path) as archive:
        handler = SavedPageHandler(get_crawler(Spider, saved_settings(archive)))
        request = Request(BASE)
        answer = asyncio.run(handler.download_request(request))
        with pytest.raises(NotInArchive, match="no copy"):
            asyncio.run(handler.download_request(Request(BASE + "absent")))
    assert isinstance(answer, HtmlResponse)
    assert (answer.status, answer.body, answer.flags) == (404, b"<p>", ["saved"])
    assert answer.headers.getlist("X-A") == [b"1", b"2"]
    assert request.meta["saved_page"].locator == "a.warc#0"


def test_the_handler_refuses_to_work_without_an_archive() -> None:
    """A crawl without an archive is an error."""
    with pytest.raises(NotConfigured, match="SAVED_ARCHIVE"):
        SavedPageHandler(get_crawler(Spider))
