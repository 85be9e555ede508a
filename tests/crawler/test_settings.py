"""A crawl loads no more of Scrapy than it has use for."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = """
import sys
from scrapy.settings import Settings
from crawler.run.process import SHARED
parts = Settings(SHARED).get_component_priority_dict_with_base("EXTENSIONS")
print([name for name in ("aiohttp", "twisted.conch", "scrapy.extensions.telnet") if name in sys.modules])
print([str(part) for part in parts if "telnet" in str(part) or "remote" in str(part)])
"""


@pytest.mark.process
def test_no_server_is_loaded_to_be_left_out() -> None:
    """Scrapy imports even disabled parts, which costs a tenth of a second per crawl."""
    done = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True, text=True)
    assert done.stdout.split("\n") == ["[]", "[]", ""]
