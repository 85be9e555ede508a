"""Tests of classifier/."""
