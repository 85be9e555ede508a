"""Scores texts, and stores the scores of what waits."""
