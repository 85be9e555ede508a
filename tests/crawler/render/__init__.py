"""Tests of pages drawn in a browser."""
