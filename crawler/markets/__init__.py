"""Marketplaces that general rules do not read well enough: one small page object per file."""
