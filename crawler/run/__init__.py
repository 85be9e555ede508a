"""One crawl from its start to its row in the ledger."""
