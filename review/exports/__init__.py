"""What people decided, in forms that others can read."""
