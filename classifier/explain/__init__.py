"""The reasons of a score: nearest examples, and the words of the text that weighed most."""
