"""Dashboards, audit log and the service as leads see it."""
