"""Review: the queue, verdicts, cases, samples, search and statistics."""
