"""Measure the model in use on labelled listings."""
