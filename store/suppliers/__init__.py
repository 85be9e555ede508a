"""Suppliers: accounts of sellers, and the contacts that listings state."""
