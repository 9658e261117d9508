"""What the figures mean: pure functions on arrays, the same for the program and for training. See docs/metrics.md."""
