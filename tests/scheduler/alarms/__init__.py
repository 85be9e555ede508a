"""Tests of `scheduler/alarms/`."""
