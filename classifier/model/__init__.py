"""The logistic regression, its first stage, and their files."""
