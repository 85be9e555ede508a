"""What people do with flagged listings: the queue, claims, verdicts, cases and samples."""
