"""The logistic regression: fitted, folded, kept in a folder, and its first stage."""
