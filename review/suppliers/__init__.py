"""Suppliers: their list, their pages, the picture of their links, and the dossier."""
