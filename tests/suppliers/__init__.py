"""Tests of `suppliers/`."""
