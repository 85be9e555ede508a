"""Measures a model on labelled listings."""
