"""What crawls keep: runs, sources, permissions, pages, evidence and the listings read from them."""
