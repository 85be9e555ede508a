"""Tests of the review app: its pure parts, its routes, and a real browser."""
