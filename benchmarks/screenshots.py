"""Draws every page of the review app, light and dark, wide and narrow, from an invented store.

python -m benchmarks.screenshots               # into var/screenshots
python -m benchmarks.screenshots --to docs/images --only queue-light-1440
python -m benchmarks.screenshots --languages var/demo.db --to docs/images --only language-

The last draws listings in four scripts, scored by the model in use in a database, with fonts of these scripts
(`fonts-noto-core` and `fonts-noto-cjk` in Debian).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import tomllib
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from classifier.gazetteer import Law
from classifier.gazetteer.law import DEFAULT_INSTRUMENTS
from classifier.notices import machines_in
from classifier.scoring import model_folder, score_new
from cli.serve import reference_for, service_api_for
from fixtures.builders.login import WEAK, a_user, cookie_of
from fixtures.builders.review_store import (
    NOW,
    PLANTED,
    SOURCE,
    Planted,
    bring_list,
    fill_store,
    score,
    score_under_import,
    see,
)
from fixtures.builders.store import judge
from fixtures.builders.supplied import fill_suppliers
from review.web.app import create_app
from review.web.serve import address_of, build_server, listen
from store.accounts.users import Role
from store.crawl.sources import declare_source
from store.database import open_database
from store.model import Decision, ListingContent
from store.review.cases import open_case, write_entry
from store.review.notices import Notice, record_notices
from store.review.queue import review_queue
from store.review.statistics import draw_sample
from store.review.workspace import change_setting
from store.scores.scores import model_in_use, promote, register_model
from store.suppliers.grouping import LinkDecision, decide_link
from store.suppliers.profile import score_suppliers

if TYPE_CHECKING:
    from fastapi import FastAPI
    from playwright.sync_api import Browser

VIEWS = (("light", 1440), ("dark", 1440), ("light", 360), ("light", 2560))
TALL = ("figures", "sheet", "item", "supplier", "dossier", "language-")
"""Names of pages that are drawn whole."""
MAX_HEIGHT = 1_500
"""Of a drawn page, in pixels: more is looked at in the browser."""

COLOURS = 128
"""Of a kept picture, so that its file is small."""

OFFERS_IN_SCRIPTS = Path(__file__).with_name("offers_in_scripts.toml")

QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


def main() -> None:
    """Fill a store, serve it, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=Path("var/screenshots"))
    parser.add_argument("--only", default="", help="names that begin so")
    parser.add_argument(
        "--languages", type=Path, metavar="DB", help="draw listings in four scripts, scored by its model"
    )
    asked = parser.parse_args()
    asked.to.mkdir(parents=True, exist_ok=True)
    fills = (partial(fill_in_languages, asked.languages),) if asked.languages else (fill, fill_with_suppliers)
    for fill_store_of in fills:
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "store.db"
            draw_store(store, fill_store_of(store), asked.to, asked.only)


def draw_store(store: Path, pages: dict[str, str], to: Path, only: str) -> None:
    """Serve a store, draw its pages, and print the files' names."""
    app = create_app(
        store,
        clock=lambda: NOW,
        passwords=WEAK,
        reference=reference_for(store, Law(instruments=(*DEFAULT_INSTRUMENTS, "canada"))),
        service_api=service_api_for(store, Path("sources.toml")),
    )
    with listen("127.0.0.1", 0) as listener:
        server = build_server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        with sync_playwright() as playwright:
            chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
            for name in draw(browser, app, store, address_of(listener), pages, to, only):
                print(name)
            browser.close()
        server.should_exit = True
        thread.join()


def fill_with_suppliers(store: Path) -> dict[str, str]:
    """Fill a store with a supplier of three names, and return the pages of suppliers by name."""
    fill_suppliers(store)
    a_user(store, "ada", Role.ADMIN)
    with closing(open_database(store)) as db:
        for setting in ("hidden_share", "second_share"):
            change_setting(db, setting, 0, changed_by="ada", now=NOW)
        judge(db, review_queue(db)[0].sighting_id, Decision.OFFER, reviewer="ben", now=NOW)
        decide_link(db, 1, 4, LinkDecision.CONFIRMED, reason="One drum.", decided_by="ben", now=NOW)
        decide_link(db, 2, 3, LinkDecision.CUT, reason="A freight agent.", decided_by="ben", now=NOW)
        open_case(db, "2026/114", "Oil and drums", opened_by="ada", now=NOW)
        score_suppliers(db, now=NOW)
    page = "suppliers/1?contacts=shown"
    return {"suppliers": "suppliers", "supplier": page, "network": page, "dossier": "suppliers/1/dossier"}


def fill_in_languages(scored_by: Path, store: Path) -> dict[str, str]:
    """Fill a store with an offer in each of four scripts, scored by the model in use in another store.

    Returns the page of each listing by name.
    """
    offers = {
        name: ListingContent(**offer, language=name)
        for name, offer in tomllib.loads(OFFERS_IN_SCRIPTS.read_text(encoding="utf-8")).items()
    }
    with closing(open_database(scored_by, must_exist=True)) as db:
        model = model_in_use(db)
    if model is None:
        raise SystemExit(f"{scored_by} has no model in use. Train one with `precursor-watch retrain` first.")
    a_user(store, "ada", Role.ADMIN)
    with closing(open_database(store)) as db:
        declare_source(db, SOURCE, now=NOW)
        register_model(db, replace(model, folder=str(model_folder(model, scored_by).resolve())))
        promote(db, model.model_id, promoted_by="ada", sentence="To be drawn.", now=NOW)
        see(db, tuple(Planted(content=each, p_offer=0.0) for each in offers.values()), at=NOW)
    score_new(store, now=lambda: NOW)
    with closing(open_database(store)) as db:
        change_setting(db, "hidden_share", 0, changed_by="ada", now=NOW)
        listings = {entry.title: entry.listing_id for entry in review_queue(db)}
    return {f"language-{name}": f"listings/{listings[content.title]}" for name, content in offers.items()}


def fill(store: Path) -> dict[str, str]:
    """Fill a store in which something of everything has happened; return the pages by name."""
    plain = tuple(
        each for each in PLANTED if "<" not in each.content.title and "W" * 9 not in each.content.title
    )
    lots = tuple(
        Planted(
            content=replace(PLANTED[6].content, title=f"Piperonal, perfumery grade, lot {number:02}"),
            p_offer=0.8 - number / 100,
            substances=("piperonal",),
        )
        for number in range(20)
    )
    fill_store(store, (*plain, *lots))
    for name, role in (("ada", Role.ADMIN), ("ben", Role.REVIEWER)):
        a_user(store, name, role)
    with closing(open_database(store)) as db:
        change_setting(db, "second_share", 1, changed_by="ada", now=NOW)
        change_setting(db, "hidden_share", 0, changed_by="ada", now=NOW)
        content = replace(
            plain[0].content, description=plain[0].content.description.replace("in stock", "back in stock"),
            price_text="US $ 990,00 / kg", price_amount=Decimal(990),
        )  # fmt: skip
        changed = replace(plain[0], content=content)
        see(db, (changed,), at=NOW)
        score(db, (*plain, *lots, changed))
        draw_sample(db, 1, seed=1, drawn_by="ada", now=NOW)
        queue = review_queue(db, limit=100)
        for at, entry in enumerate(queue[-14:]):
            decision = Decision.OFFER if at % 3 else Decision.NOT_OFFER
            judge(db, entry.sighting_id, decision, reviewer="ben", now=NOW)
            if at % 2:
                judge(db, entry.sighting_id, Decision.OFFER, reviewer="cleo", now=NOW)
        case = open_case(db, "2026/114", "Oil and drums", opened_by="ada", now=NOW)
        first = queue[0].listing_id
        write_entry(db, case, "listing", listing_id=first, written_by="ada", now=NOW)
        seller = ("mercado", plain[0].content.seller_name)
        write_entry(db, case, "seller", seller=seller, written_by="ada", now=NOW)
        write_entry(db, case, "note", note="Same drum in two photographs.", written_by="ada", now=NOW)
        shown = list(machines_in("Tablet press with heating mantle"))
        why = "a listed chemical without a CAS number (Phenylacetone); rule.alibaba.com"
        broken = Notice(kind="rule", code="alibaba-1", name="Alibaba.com: Hazardous chemicals", why=why)
        noticed = [shown, [broken], [broken, *shown[1:]]]
        record_notices(
            db,
            lambda batch: [noticed[at] if at < len(noticed) else [] for at in range(len(batch))],
            read_with="invented", run_id=None, now=NOW,
        )  # fmt: skip
        score_under_import(db, bring_list(db, substance="Acetone"), (*plain, *lots, changed))
    return {
        "queue": "", "item": f"listings/{first}",
        "filter": "?seller=Aromas+del+Sur+%28fictional%29&sort=newest",
        "kept-page": f"listings/{first}/page", "sheet": f"listings/{first}/sheet", "cases": "cases",
        "case": "cases/1", "figures": "figures", "exports": "exports", "settings": "settings",
        "law": "law", "notices": "notices",
        "service": "service", "runs": "service/runs",
        "bulk": "bulk?source=mercado", "nothing-found": "?q=nosuch", "login": "login",
        "audit": "audit", "users": "users", "user": "users/ben", "account": "account",
        "guide": "help", "glossary": "help/glossary", "api": "help/api", "tour": "?tour=1",
        "new-source": "service/sources/new",
    }  # fmt: skip


def draw(
    browser: Browser, app: FastAPI, store: Path, address: str, pages: dict[str, str], to: Path, only: str
) -> list[str]:
    """Draw each page in each view and return the files' names."""
    cookie, value = cookie_of(app, store)
    drawn = []
    for scheme, width in VIEWS:
        size = {"width": width, "height": 900}
        with browser.new_context(viewport=size, color_scheme=scheme) as context:  # type: ignore[arg-type]
            for name, path in pages.items():
                file = f"{name}-{scheme}-{width}.png"
                if not file.startswith(only):
                    continue
                context.clear_cookies()
                if name != "login":
                    context.add_cookies([{"name": cookie, "value": value, "url": address}])
                page = context.new_page()
                page.goto(address + path, wait_until="networkidle")
                if width < 1440 or name.startswith(TALL):
                    # A window as high as the page: what sticks to its foot then stands at the page's.
                    height = page.evaluate("document.documentElement.scrollHeight")
                    page.set_viewport_size({"width": width, "height": min(height, MAX_HEIGHT)})
                if name == "network":
                    page.locator("section:has(#links)").screenshot(path=to / file)
                else:
                    page.screenshot(path=to / file)
                page.close()
                with Image.open(to / file) as picture:
                    few_colours = picture.convert("RGB").quantize(COLOURS)
                few_colours.save(to / file, optimize=True)
                drawn.append(file)
    return drawn


if __name__ == "__main__":
    main()
