"""Who is known: an immutable snapshot to match against and the store behind it."""
