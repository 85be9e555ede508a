"""The declared sources: what is crawled, when, and from which archive or site."""
