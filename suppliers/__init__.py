"""Suppliers: who offers. Reads accounts and contacts from new sightings; imports `store` and `text` only."""
