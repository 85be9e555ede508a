"""Crawls: runs, sources, permissions, pages, evidence and listings."""
