"""The queue and what a person decides there."""
