"""Chromium without a network, watched: it draws one page at a time, and is killed when it hangs or swells.

Each request of a page comes to `Answer`, which belongs to the crawl; whatever does not come there meets a
proxy that does not exist and a resolver that knows no name.

A kept page is drawn later without scripts, and for the eye only.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from crawler.extract.page import ExtractedListing, ExtractedPage
from crawler.render import Rendering, find_chromium
from crawler.workers.page_parser import PageJob
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from playwright.async_api import Browser, BrowserContext, Page, Playwright, Request, Route

    from crawler.workers.page_parser import Parse
    from store.model import ListingContent

WIDTH, HEIGHT = 1_280, 900
"""Size of the window, in pixels."""
MAX_HEIGHT = 8_000
"""Most pixels of a page's height that are pictured."""
MAX_HTML_CHARS = 20_000_000
MAX_LEFT_FOR = 20
"""Most addresses to which a page tried to go that count as links of it."""
_FLAGS = (
    # Nothing leaves by itself: no names, no proxy, no UDP, no calls of the browser's maker.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--mute-audio",
    "--js-flags=--max-old-space-size=512",
)
_TICK_S = 0.25
_QUIET_S = 0.5
"""How long nothing may change and no request be under way for a page to count as drawn."""
_SETTLE_S = 5.0
"""Most time on the clock for a page that never gets quiet, without the time in which it waits for answers."""
_START_S = 60.0
_CLOSE_S = 5.0
_CLICK_MS = 3_000
_NEVER = frozenset({"media", "font", "websocket", "eventsource", "texttrack", "manifest", "ping", "other"})
"""Kinds of requests that show no text of a listing, or never end."""
_UNSENT = frozenset(
    {
        "set-cookie",
        "content-encoding",
        "content-length",
        "transfer-encoding",
        "content-security-policy-report-only",
    }
)
_SCRIPT = Path(__file__).with_name("page.js")
_BOM = b"\xef\xbb\xbf"
"""Says that what follows is UTF-8, whatever a `meta` tag of the page says."""
_RESIDENT = re.compile(r"^Rss(?:Anon|Shmem):\s+(\d+) kB$", re.MULTILINE)


class DrawingFailed(Exception):
    """A page could not be drawn; the text is a whole sentence."""


class DrawingStopped(Exception):
    """The crawl may send no more requests, so a page cannot be drawn to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one request of a page."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    """Unpacked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnState:
    """A page as it was drawn, at first or after a click."""

    html: bytes = field(repr=False)
    extracted: ExtractedPage = field(repr=False)
    picture: bytes = field(repr=False)
    """PNG, `WIDTH` wide and at most `MAX_HEIGHT` high."""
    boxes: Mapping[str, tuple[int, int, int, int]]
    """Left, top, width and height of each field's text, in pixels of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The result of drawing a page."""

    states: tuple[DrawnState, ...]
    left_for: tuple[str, ...]
    """Addresses to which the page tried to go."""
    requests: int
    """Number of requests that were answered."""
    refused: int
    """Number of requests that were not."""
    version: str
    """The browser's name and version."""


class Renderer:
    """One browser, started with the first page, which draws one page at a time."""

    def __init__(
        self,
        rendering: Rendering,
        ask: Callable[[str, str], Awaitable[Answer | None]],
        parse: Parse,
        *,
        user_agent: str | None = None,
        has_scripts: bool = True,
    ) -> None:
        """Take the functions of the crawl.

        Args:
            rendering: How pages are drawn.
            ask: Returns the answer for an address that a page (the second argument) requests, or None if
                there is none. May raise `DrawingStopped`.
            parse: Extracts a page.
            user_agent: The name that scripts see; None is the browser's own.
            has_scripts: Whether scripts run.
        """
        self._rendering = rendering
        self._ask = ask
        self._parse = parse
        self._user_agent = user_agent
        self._has_scripts = has_scripts
        self._turn = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._process: psutil.Process | None = None

    async def draw(self, job: PageJob) -> Drawn:
        """Draw a page whose plain response is there.

        Raises:
            DrawingFailed: If the page or the browser crashes, hangs or needs more memory than it may.
            DrawingStopped: If the crawl has ended meanwhile.
        """
        from playwright.async_api import Error

        async with self._turn:
            browser = await self._started()
            sheet = _Sheet(self._rendering, self._ask, self._parse, job)
            drawing = asyncio.ensure_future(
                sheet.draw(browser, user_agent=self._user_agent, has_scripts=self._has_scripts)
            )
            try:
                return await self._watched(drawing, sheet)
            except Error as error:
                what = "page" if browser.is_connected() else "browser"
                if "crash" in str(error).lower() or what == "browser":
                    raise DrawingFailed(f"The {what} crashed while the page was drawn.") from error
                said = " ".join(str(error).split())[:200]
                raise DrawingFailed(f"The page could not be drawn ({said}).") from error
            finally:
                drawing.cancel()
                await asyncio.gather(drawing, return_exceptions=True)
                await self._put_away(sheet)

    async def close(self) -> None:
        """End the browser."""
        browser, playwright = self._browser, self._playwright
        self._browser = self._playwright = None
        if browser is not None:
            with suppress(Exception):  # whatever it says, it is killed next
                await asyncio.wait_for(browser.close(), _CLOSE_S)
            self._kill()
        if playwright is not None:
            with suppress(Exception):
                await asyncio.wait_for(playwright.stop(), _CLOSE_S)

    async def _started(self) -> Browser:
        from playwright.async_api import Error, async_playwright

        if self._browser is not None and self._browser.is_connected():
            return self._browser
        mark = f"--precursor-watch={secrets.token_hex(8)}"
        try:
            if self._playwright is None:
                self._playwright = await asyncio.wait_for(async_playwright().start(), _START_S)
            self._browser = await self._playwright.chromium.launch(
                executable_path=find_chromium(),
                args=[*_FLAGS, mark],
                chromium_sandbox=os.geteuid() != 0,  # Chromium refuses its sandbox to root
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
                timeout=_START_S * 1_000,
            )
        except (Error, OSError) as error:
            said = str(error).strip().split("\n", maxsplit=1)[0][:200]
            raise DrawingFailed(f"Chromium could not be started ({said}).") from error
        children = psutil.Process().children(recursive=True)
        self._process = next((each for each in children if _has_argument(each, mark)), None)
        return self._browser

    async def _watched(self, drawing: asyncio.Future[Drawn], sheet: _Sheet) -> Drawn:
        """Wait for a drawing, and end it when it takes too long or needs too much memory."""
        spent = 0.0
        while not drawing.done():
            await asyncio.wait({drawing}, timeout=_TICK_S)
            spent += 0.0 if sheet.waits else _TICK_S
            if sheet.stopped:
                raise sheet.stopped
            if self._memory() > self._rendering.memory_mb * 2**20:
                self._kill()
                raise DrawingFailed(
                    f"The browser needed more than {self._rendering.memory_mb:,} MB and was ended."
                )
            if spent > self._rendering.seconds and not drawing.done():
                raise DrawingFailed(
                    f"Drawing the page took more than {self._rendering.seconds:g} seconds and was ended."
                )
        return drawing.result()

    async def _put_away(self, sheet: _Sheet) -> None:
        """Close a page's context; kill the browser if the context does not close."""
        if sheet.context is None:
            return
        try:
            await asyncio.wait_for(sheet.context.close(), _CLOSE_S)
        except Exception:  # noqa: BLE001 (a crashed browser says so in several ways)
            self._kill()
            self._browser = None

    def _memory(self) -> int:
        return sum(resident_bytes(each) for each in self._family())

    def _family(self) -> list[psutil.Process]:
        """Return the processes of the browser."""
        if self._process is None:
            return []
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.Error:
            return []

    def _kill(self) -> None:
        for each in reversed(self._family()):
            with suppress(psutil.Error):
                each.kill()


class _Sheet:
    """One page in a context of its own, and the requests that it makes."""

    def __init__(
        self,
        rendering: Rendering,
        ask: Callable[[str, str], Awaitable[Answer | None]],
        parse: Parse,
        job: PageJob,
    ) -> None:
        self._rendering = rendering
        self._ask = ask
        self._parse = parse
        self._job = job
        self._page: Page | None = None
        self._is_given = False
        self._asked = self._answered = self._refused = self._bytes = 0
        self._left_for: dict[str, None] = {}
        self.context: BrowserContext | None = None
        self.waits = 0
        """Number of answers, and readings of the page, that the browser waits for."""
        self.stopped: DrawingStopped | None = None

    async def draw(self, browser: Browser, *, user_agent: str | None, has_scripts: bool) -> Drawn:
        """Draw the page, scroll and click, and read each state."""
        self.context = await browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            user_agent=user_agent,
            java_script_enabled=has_scripts,
            accept_downloads=False,
            service_workers="block",
            permissions=[],
            reduced_motion="reduce",
            timezone_id="UTC",
        )
        self.context.set_default_timeout(0)  # the renderer watches the time
        await self.context.route("**/*", self._route)
        page = self._page = await self.context.new_page()
        self.context.on("page", self._close)
        page.on("websocket", lambda _: self._refuse())
        page.on("dialog", lambda dialog: dialog.dismiss())
        await page.goto(self._job.url, wait_until="commit")
        await self._settle(page)
        if has_scripts:
            await self._scroll(page)
        states = [await self._state(page)]
        for _ in range(self._rendering.clicks if has_scripts else 0):
            if not await self._click(page):
                break
            state = await self._state(page)
            if state.html == states[-1].html:
                break
            states.append(state)
        return Drawn(
            states=tuple(states),
            left_for=tuple(self._left_for),
            requests=self._answered,
            refused=self._refused,
            version=f"Chromium {browser.version}",
        )

    async def _settle(self, page: Page) -> None:
        """Wait until the page is quiet, or for the longest time."""
        spent = quiet = 0.0
        before: Any = None
        while quiet < _QUIET_S and spent < _SETTLE_S:
            asked = self._asked + self._refused
            await asyncio.sleep(_TICK_S / 2)
            now = await _read(page, "state")
            is_busy = bool(self.waits) or self._asked + self._refused != asked or now != before or not now[1]
            spent += 0.0 if self.waits else _TICK_S / 2
            quiet = 0.0 if is_busy else quiet + _TICK_S / 2
            before = now

    async def _scroll(self, page: Page) -> None:
        height = HEIGHT  # a page that fits the window has nothing to scroll
        for _ in range(self._rendering.scrolls):
            reached = await _read(page, "scroll")
            if reached <= height:
                break
            height = reached
            await self._settle(page)

    async def _click(self, page: Page) -> bool:
        """Click the declared button, and return whether it was there."""
        from playwright.async_api import Error

        button = page.locator(self._rendering.click).first
        try:
            if not await button.is_visible() or not await button.is_enabled():
                return False
            await button.click(timeout=_CLICK_MS, no_wait_after=True)
        except Error as error:
            if "crash" in str(error).lower() or "closed" in str(error).lower():
                raise
            return False  # something covers it, or the selector is wrong
        await self._settle(page)
        return True

    async def _state(self, page: Page) -> DrawnState:
        text = await _read(page, "html", MAX_HTML_CHARS)
        if not isinstance(text, str) or len(text) > MAX_HTML_CHARS + 100:
            raise DrawingFailed(f"The drawn page has more than {MAX_HTML_CHARS:,} characters.")
        html = _BOM + text.encode("utf-8", "replace")
        self.waits += 1
        try:
            headers = {b"Content-Type": [b"text/html; charset=utf-8"]}
            extracted = await self._parse(replace(self._job, body=html, headers=headers))
        finally:
            self.waits -= 1
        boxes = await _read(page, "boxes", _texts(extracted))
        _, height = await _read(page, "size")
        clip_height = min(max(int(height), HEIGHT), MAX_HEIGHT)
        picture = await page.screenshot(
            full_page=True,
            clip={"x": 0, "y": 0, "width": WIDTH, "height": clip_height},
            animations="disabled",
        )
        return DrawnState(html=html, extracted=extracted, picture=picture, boxes=_checked(boxes))

    async def _route(self, route: Route) -> None:
        """Answer a request of the page, or refuse it."""
        from playwright.async_api import Error

        self.waits += 1
        try:
            answer = await self._answer(route.request)
            if answer is None:
                self._refuse()
                # A navigation that is aborted thus leaves the page as it is, without an error page.
                await route.abort("aborted")
                return
            headers = {name: value for name, value in answer.headers if name.lower() not in _UNSENT}
            await route.fulfill(status=answer.status, headers=headers, body=answer.body)
        except Error:
            return  # the page is gone
        finally:
            self.waits -= 1

    async def _answer(self, request: Request) -> Answer | None:
        if request.is_navigation_request() and self._is_main(request):
            if self._is_given:
                if len(self._left_for) < MAX_LEFT_FOR:
                    self._left_for[request.url] = None
                return None
            self._is_given = True
            headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, values in self._job.headers.items()
                for value in values
            )
            return Answer(status=self._job.status, headers=headers, body=self._job.body)
        kind = request.resource_type
        is_full = self._asked >= self._rendering.max_requests or self._bytes >= self._rendering.max_bytes
        is_unwanted = kind in _NEVER or (kind == "image" and not self._rendering.images)
        if is_full or is_unwanted or request.method != "GET" or not request.url.startswith("http"):
            return None
        self._asked += 1
        answer = None
        try:
            answer = await self._ask(request.url, self._job.url)
        except DrawingStopped as error:
            self.stopped = error
        if answer is not None:
            self._answered += 1
            self._bytes += len(answer.body)
        return answer

    def _is_main(self, request: Request) -> bool:
        from playwright.async_api import Error

        try:
            frame = request.frame
        except Error:  # a new window has no page yet
            return True
        return frame.parent_frame is None

    def _refuse(self) -> None:
        self._refused += 1

    async def _close(self, popup: Page) -> None:
        if popup is not self._page:
            self._refuse()
            await popup.close()


async def _read(page: Page, name: str, argument: object = None) -> Any:
    return await page.evaluate(_SCRIPT.read_text(encoding="utf-8"), [name, argument])


def _texts(extracted: ExtractedPage) -> dict[str, str]:
    """Return the fields of a page's own listing whose place is looked for."""
    if extracted.listing is None:
        return {}
    content = extracted.listing.content
    names = ("title", "price_text", "quantity_text", "pack_text", "minimum_order_text", "seller_name",
             "location", "description")  # fmt: skip
    return {name: text for name in names if (text := getattr(content, name))}


def _checked(boxes: Any) -> dict[str, tuple[int, int, int, int]]:
    """Return the boxes that are numbers within a picture; the page's scripts may have changed them."""
    found = {}
    for name, box in boxes.items() if isinstance(boxes, dict) else ():
        if isinstance(box, list) and len(box) == 4 and all(isinstance(each, int) for each in box):
            left, top, width, height = box
            if 0 <= left < WIDTH and 0 <= top < MAX_HEIGHT and 0 < width <= WIDTH and height > 0:
                found[name] = (left, top, width, min(height, MAX_HEIGHT - top))
    return found


def resident_bytes(process: psutil.Process) -> int:
    """Return the bytes in memory that a process does not share with files."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:  # it has ended
        return 0
    return sum(int(each) for each in _RESIDENT.findall(status)) * 1_024


def _has_argument(process: psutil.Process, argument: str) -> bool:
    try:
        return argument in process.cmdline()
    except psutil.Error:
        return False


_KEPT = Rendering(scrolls=0, seconds=20, memory_mb=1_000)
_one_at_a_time = threading.Lock()


def draw_kept(url: str, html: str, content: ListingContent) -> Drawn:
    """Return a kept page as it looks without scripts, styles and pictures, with the places of its fields.

    Call it from a thread without an event loop.

    Raises:
        DrawingFailed: If the page cannot be drawn.
    """
    headers = {b"Content-Type": [b"text/html; charset=utf-8"]}
    job = PageJob(url=url, body=html.encode("utf-8", "replace"), status=200, headers=headers)
    with _one_at_a_time:
        return asyncio.run(_draw(job, content))


async def _draw(job: PageJob, content: ListingContent) -> Drawn:
    async def read_before(_: PageJob) -> ExtractedPage:
        listing = ExtractedListing(url=job.url, content=content)
        return ExtractedPage(outcome=PageOutcome.LISTING, sentence="", listing=listing)

    async def refuse(_: str, __: str) -> Answer | None:
        return None

    renderer = Renderer(_KEPT, refuse, read_before, has_scripts=False)
    try:
        return await renderer.draw(job)
    finally:
        await renderer.close()
