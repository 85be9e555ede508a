"""Tests of the page objects of single marketplaces."""
