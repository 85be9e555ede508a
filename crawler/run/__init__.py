"""A crawl run, from its start to its row in the ledger."""
