"""Labelled examples to candidate models, each compared with the model in use."""
