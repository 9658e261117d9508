"""Depth cameras, one device family per file; each SDK is imported inside its own file only."""
