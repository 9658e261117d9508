"""What survives a training run: weights, how far it came, and the configuration that rebuilds the model."""

import subprocess
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import torch

T = TypeVar("T")


@dataclass
class Checkpoint:
    """One file of a run.

    config:    the whole experiment as plain values
    average:   exponential moving average of the weights, the ones that are used
    elapsed_s: training time so far
    commit:    commit of this repository
    """

    config: dict[str, Any]
    weights: dict[str, Any]
    average: dict[str, Any]
    optimiser: dict[str, Any]
    step: int
    elapsed_s: float
    commit: str
    figures: dict[str, float]

    def save(self, path: Path) -> None:
        """Write beside the old file, then take its place, so that a kill leaves one of the two whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        torch.save(vars(self), fresh)
        fresh.replace(path)

    @classmethod
    def load(cls, path: Path | str) -> "Checkpoint":
        """Read a checkpoint; only plain values and tensors are accepted."""
        return cls(**torch.load(path, map_location="cpu", weights_only=True))


def current_commit() -> str:
    """Commit of the checkout that trains, "unknown" outside one."""
    here = Path(__file__).parent
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def build(kind: type[T], values: dict[str, Any]) -> T:
    """A configuration dataclass from plain values.

    Raises:
        ValueError: if a key is unknown, so that a typing error never trains for hours with a default.
    """
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(unknown)}; it knows {', '.join(sorted(known))}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})
