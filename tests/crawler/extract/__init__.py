"""Tests of `crawler.extract`."""
