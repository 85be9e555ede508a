"""What an attacker, a kill, a full disk or a wrong clock could do: tries and failures of each class."""
