"""Metrics and intervals; the lowest room of the classifier."""
