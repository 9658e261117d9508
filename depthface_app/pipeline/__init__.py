"""The work without Qt: pure stages, the recogniser loop, the engine that owns the threads."""
