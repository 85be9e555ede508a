"""What a text is turned into before it is weighed: evidence, words and embedding."""
