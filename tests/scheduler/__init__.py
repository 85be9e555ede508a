"""Tests of `scheduler/`."""
