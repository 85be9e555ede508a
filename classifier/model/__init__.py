"""The logistic regression, its first stage, and their form on disk."""
