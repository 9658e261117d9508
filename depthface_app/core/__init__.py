"""Values and pure functions on NumPy and OpenCV. Imports nothing else of ours; shared with `training`."""
