"""Processes beside a crawl that read its pages, so that a crawl has two cores and survives any page."""
