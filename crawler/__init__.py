"""Crawl sources: the sources file and saved or permitted pages in, listings with provenance out.

The package takes the sources file, archives of saved pages and permitted sites, and writes rows through
`store/`. It imports `store` and `text`, and no other package of ours. Scrapy is known to this package only.
"""
