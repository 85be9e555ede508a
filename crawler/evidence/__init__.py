"""The evidence: every received page, in WARC files that any WARC reader opens."""
