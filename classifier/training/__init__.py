"""Train candidate models on labelled examples and compare them with the model in use."""
