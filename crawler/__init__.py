"""FETCHED AND READ: sources and their saved pages in, listings with their provenance out.

What comes in are the sources file and archives of saved pages; what goes out are rows written through
`listings/`. It may import `listings` and nothing else of ours. Scrapy is known to this package only.
"""
