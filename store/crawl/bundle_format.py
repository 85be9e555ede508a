"""What an evidence bundle is called and holds: `review` writes it and `crawler` checks it, each by itself."""

from __future__ import annotations

FORMAT = "precursor-watch evidence bundle 1"
"""Raise the number with any change after which an older `evidence verify` would misread a bundle."""
WARC = "evidence.warc.gz"
"""The records, byte by byte as they were kept."""
RECORDS = "records.json"
"""Where each record lies, and which page it is."""
LISTINGS = "listings.jsonl"
"""What was decided."""
MANIFEST = "manifest.json"
"""The SHA-256 of every other file."""
README = "README.txt"
