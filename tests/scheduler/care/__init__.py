"""Tests of `scheduler/care/`."""
