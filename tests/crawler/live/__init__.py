"""Tests of `crawler.live`, against real HTTP on this machine."""
