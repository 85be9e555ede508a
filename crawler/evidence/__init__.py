"""Every page as it came, in WARC files that any other reader of WARC opens."""
