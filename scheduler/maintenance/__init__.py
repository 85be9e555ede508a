"""Data maintenance: backup and restore, checks, retention."""
