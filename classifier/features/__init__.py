"""A text as numbers: evidence, embedding and words."""
