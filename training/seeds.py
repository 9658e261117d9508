"""Which seeds belong to whom: people of training, validation and test never meet."""

import numpy as np

TRAIN_IDENTITIES = range(0, 1_000_000)
VALIDATION_IDENTITIES = range(1_000_000, 2_000_000)
TEST_IDENTITIES = range(2_000_000, 3_000_000)


def generator(*keys: int) -> np.random.Generator:
    """A random generator of its own for each tuple of keys, the same on every machine."""
    return np.random.default_rng(np.random.SeedSequence(keys))
