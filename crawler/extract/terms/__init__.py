"""Reads the terms of an offer in typed form, each beside its text: what comes in is a listing as read so far.

`read_terms` is the way in; one module for each kind of reading beneath it.
"""

from __future__ import annotations

from crawler.extract.terms.read import read_terms

__all__ = ["read_terms"]
