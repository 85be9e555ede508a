"""Tests of `crawler.teach`."""
