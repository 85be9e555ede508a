"""Tests of `crawler.evidence`."""
