"""Tests of `crawler.reading`."""
