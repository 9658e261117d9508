"""The networks, one per file."""
