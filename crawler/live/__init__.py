"""Live crawls, which request pages only under a valid permission."""
