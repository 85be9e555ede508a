"""Tests of `listings/`."""
