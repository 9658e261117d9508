"""Measurements that are kept as they come, so that an evaluation that was stopped goes on where it was."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.files import whole_file
from training.arrays import read_arrays


def code_fingerprint() -> str:
    """What the loaded modules of core and training are told apart by: another measure is another measurement."""
    digest = hashlib.sha256()
    for name in sorted(sys.modules):
        file = getattr(sys.modules[name], "__file__", None)
        if file and name.startswith(("training.", "depthface_app.core.")):
            digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Parts:
    """A folder of finished measurements, each under the hash of everything that it depends on."""

    folder: Path

    def path(self, key: dict[str, Any], suffix: str) -> Path:
        """Where the measurement with this key lies or will lie."""
        name = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:32]
        return self.folder / f"{name}{suffix}"

    def values(self, key: dict[str, Any], measure: Callable[[], Any]) -> Any:
        """Plain values: read them, or measure and keep them."""
        path = self.path(key, ".json")
        if not path.exists():
            found = measure()
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as part:
                part.write_text(json.dumps(found))
        return json.loads(path.read_text())

    def arrays(self, key: dict[str, Any], measure: Callable[[], dict[str, NDArray]]) -> dict[str, NDArray]:
        """The same for named arrays."""
        path = self.path(key, ".npz")
        if not path.exists():
            found = measure()
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as part:
                np.savez(part, allow_pickle=False, **found)
        return read_arrays(path)
