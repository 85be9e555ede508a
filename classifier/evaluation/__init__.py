"""The model in use measured on labelled listings."""
