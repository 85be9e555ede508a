"""Reading archives on other machines, and taking in what they read."""
