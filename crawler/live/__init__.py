"""Asking a site for its pages: only under a valid permission, and never beyond it."""
