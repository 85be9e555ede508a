"""Models, scores and labels for training."""
