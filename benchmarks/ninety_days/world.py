"""Ten invented sites: what each shows at a moment, so that what must be known in the end is known too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.store.build import FULL

if TYPE_CHECKING:
    from store.model import ListingContent

BEGINNING = datetime(2027, 2, 1, tzinfo=UTC)
"""So that the clocks change during it, in America and in Europe."""

SHOWN = 30
"""Items that a site shows, newest first."""

PUBLISHED_EVERY = timedelta(hours=8)
PRICED_ANEW_EVERY = timedelta(days=11)

SCHEDULES = {
    "andes": 'cron = "30 3,15 * * *", timezone = "America/Lima"',
    "pontus": 'cron = "0 */8 * * *", timezone = "Europe/Berlin"',
    "hudson": 'cron = "30 2 * * *", timezone = "America/New_York"',
    "elbe": 'cron = "30 2 * * *", timezone = "Europe/Berlin"',
    "yangtze": 'cron = "0 9,21 * * *", timezone = "Asia/Shanghai"',
    "ganges": 'cron = "15 */6 * * *", timezone = "Asia/Kolkata"',
    "volga": "every_minutes = 720",
    "amazon": "every_minutes = 480",
    "murray": 'cron = "0 5 * * *", timezone = "Australia/Adelaide"',
    "zambezi": 'cron = "45 6,18 * * *", timezone = "Africa/Lusaka"',
}
"""Of each site, as the sources file has it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a site, as it is at a moment."""

    url: str
    content: ListingContent


def shown_at(site: str, moment: datetime) -> list[Item]:
    """Return what a site shows: of `SHOWN` items the newest first, each priced anew every eleven days."""
    newest = int((moment - BEGINNING) / PUBLISHED_EVERY) + SHOWN
    return [_item(site, number, moment) for number in range(newest, newest - SHOWN, -1)]


def _item(site: str, number: int, moment: datetime) -> Item:
    published = BEGINNING + PUBLISHED_EVERY * (number - SHOWN)
    version = int((moment - published) / PRICED_ANEW_EVERY)
    amount = Decimal(100 + number + version)
    content = replace(
        FULL,
        title=f"Drum {number} of {site}",
        description="An ordinary solvent in drums.",
        price_amount=amount,
        price_text=f"USD {amount}",
        seller_name=f"{site} trading",
        item_id=f"{site}-{number}",
    )
    return Item(url=f"https://{site}.example/item/{number}", content=content)
