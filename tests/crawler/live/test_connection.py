"""The private names of Scrapy and Twisted that `crawler.live.connection` uses are still there, and used."""

from __future__ import annotations

import inspect
from importlib.metadata import version

from scrapy.core.downloader.handlers import http11
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from twisted.web import _newclient
from twisted.web._newclient import HTTPClientParser
from twisted.web.client import HTTPConnectionPool

from crawler.live.connection import LiveHandler, _BoundedFactory, _BoundedProtocol


def test_scrapy_is_the_one_whose_private_names_are_known() -> None:
    """Another version is to be read first: then this number is raised, here and in pyproject.toml."""
    assert version("scrapy").split(".")[:2] == ["2", "19"]


def test_the_handler_sends_through_a_pool_whose_factory_can_be_set() -> None:
    """Our protocol handles every connection, so it can bound headers and refuse addresses."""
    assert "self._pool" in inspect.getsource(HTTP11DownloadHandler.__init__)
    assert "self._factory(" in inspect.getsource(HTTPConnectionPool._newConnection)
    assert issubclass(LiveHandler, HTTP11DownloadHandler)
    assert issubclass(_BoundedFactory, http11._LenientHTTP11ClientFactory)
    assert issubclass(_BoundedProtocol, http11._LenientHTTP11ClientProtocol)


def test_the_parser_of_an_answer_says_where_it_stands() -> None:
    """Headers are counted until the state is another, and a connection can be given up."""
    assert (_newclient.STATUS, _newclient.HEADER) == ("STATUS", "HEADER")
    assert isinstance(HTTPClientParser.MAX_LENGTH, int)
    assert callable(_newclient.HTTP11ClientProtocol._giveUp)
    assert "self._parser" in inspect.getsource(_newclient.HTTP11ClientProtocol.request)
