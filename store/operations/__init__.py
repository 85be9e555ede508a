"""What operators need: alarms, backups, retention and overviews."""
