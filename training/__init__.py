"""Builds the model files: face samplers, sensor models, networks, losses, training, evaluation, export."""
