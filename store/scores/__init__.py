"""Models, the scores that they give, and the labels that train them."""
