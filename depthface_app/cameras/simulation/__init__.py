"""The world that the simulated camera looks at: people, how they move, and the room. Private to that camera."""
