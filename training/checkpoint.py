"""What survives a training run: weights, how far it came, and the configuration that rebuilds the model."""

import io
import os
import pickle
import subprocess
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import torch

from depthface_app.core.files import whole_file

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
        """Write beside the old file, then take its place, so that a kill or a full disk leaves one of the two whole.

        Raises:
            OSError: if it cannot be written; the old file stands.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()  # torch hides a full disk behind an error of its own
        torch.save(vars(self), packed)
        with whole_file(path) as part, part.open("wb") as file:
            file.write(packed.getbuffer())
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def load(cls, path: Path | str) -> "Checkpoint":
        """Read a checkpoint; only plain values and tensors are accepted.

        Raises:
            FileNotFoundError: if it is not there.
            ValueError: if it is no checkpoint, or not all of one.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"there is no checkpoint {path}")
        try:
            return cls(**torch.load(path, map_location="cpu", weights_only=True))
        except (RuntimeError, OSError, EOFError, TypeError, pickle.UnpicklingError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ValueError(f"{path} is no whole checkpoint ({reason}); take another, or begin without it") from error


def current_commit() -> str:
    """Commit of the checkout that trains, "unknown" outside one."""
    here = Path(__file__).parent
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def build(kind: type[T], values: dict[str, Any]) -> T:
    """A configuration dataclass from plain values.

    Raises:
        ValueError: if a key is unknown, so that a typing error never trains for hours with a default, or missing.
    """
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(unknown)}; it knows {', '.join(sorted(known))}")
    needed = (name for name, field in known.items() if field.default is field.default_factory is MISSING)
    missing = [name for name in needed if name not in values]
    if missing:
        raise ValueError(f"{kind.__name__} needs {', '.join(missing)}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})
