"""A headless Chromium, an app that it can reach, and how a person moves in it."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from fixtures.builders.login import PASSWORD
from review.web.serve import address_of, build_server, listen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from playwright.sync_api import Browser, Page

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
"""The browser asks nothing of anyone on its own account."""

PATIENCE_MS = 120_000
"""How long a busy machine may take to come to what is waited for."""

TITLE = "h1#title"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a Chromium; without one these tests fail, because they would prove nothing."""
    path = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    if not path.exists():
        pytest.fail(
            f"The browser tests need Chromium and {path} is not there: install it (Debian: apt-get install "
            "chromium), or set CHROMIUM to the path of one."
        )
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        opened = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield opened
        opened.close()


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an app on a free port; the socket listens before the server runs, so nobody waits."""
    with listen("127.0.0.1", 0) as listener:
        server = build_server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield address_of(listener)
        server.should_exit = True
        thread.join()


def fill_login(page: Page, address: str, name: str) -> None:
    """Come in by the log-in form."""
    page.goto(address)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".reviewer b")).to_have_text(name)
    expect_ready(page)


def enter(browser: Browser, address: str, name: str, **options: object) -> Page:
    """Log in by the form, in a window of its own."""
    page = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options}).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    fill_login(page, address, name)
    return page


def expect_left(page: Page, count: int) -> None:
    """Wait until the page says how many are left, and takes keys again."""
    expect(page.locator(".counts dd").first).to_have_text(str(count))
    expect_ready(page)


def expect_ready(page: Page) -> None:
    """Wait until the page has been there long enough to be seen, so that keys decide."""
    expect(page.locator(".decide[aria-busy]")).to_have_count(0)
