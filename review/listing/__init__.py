"""One listing: its text, evidence, score and history."""
