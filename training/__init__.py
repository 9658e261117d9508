"""Builds the model files: face samplers, sensor models, networks, losses, training, evaluation, export."""

import os

# A data worker owns one core; a BLAS with threads of its own makes several workers trip over each other. Must be set
# before NumPy is imported for the first time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
