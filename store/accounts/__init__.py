"""Users, their roles, sessions, logins and API tokens."""
