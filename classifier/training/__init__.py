"""Trains candidate models and compares each with the one in use."""
