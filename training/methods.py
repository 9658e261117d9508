"""Ways to denoise a crop, all behind one signature: nothing, a classical filter, a model file, a checkpoint."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from depthface_app.core.depth import DenoiserInput, denoiser_input, to_range
from depthface_app.core.face import FaceCrop
from depthface_app.core.filters import filled
from training.metrics import Denoised
from training.runtime import open_session

Method = Callable[[FaceCrop], Denoised]


def named_file(text: str) -> tuple[str, Path]:
    """`NAME=FILE`, or `FILE` alone, which is then called after itself without its ending.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    name, _, file = text.rpartition("=")
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f"there is no model file {path}")
    return name or path.stem, path


def fingerprint(path: Path) -> str:
    """What a file is told apart by: the first half of its SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def raw(crop: FaceCrop) -> Denoised:
    """No denoising; gaps take the nearest reading so that every method has a number everywhere."""
    return Denoised(to_range(filled(crop.depth_mm), crop.nose_mm[2]), ~np.isnan(crop.depth_mm))


def filter_method(apply: Callable[..., Any], setting: dict[str, Any]) -> Method:
    """A filter with its setting; it sees a surface where there was a reading."""

    def run(crop: FaceCrop) -> Denoised:
        depth = apply(filled(crop.depth_mm), **setting)
        return Denoised(to_range(depth, crop.nose_mm[2]), ~np.isnan(crop.depth_mm))

    return run


def network_method(path: Path) -> Method:
    """A denoiser as a model file (.onnx) or a checkpoint (.pt)."""
    return _checkpoint(path) if path.suffix == ".pt" else _model_file(path)


def _batch(given: DenoiserInput, name: str) -> np.ndarray:
    return np.asarray(getattr(given, name))[None]


def _model_file(path: Path) -> Method:
    """Depth and, where the file has a second output, the probability of a surface."""
    session = open_session(path)
    wanted = [given.name for given in session.get_inputs()]

    def run(crop: FaceCrop) -> Denoised:
        given = denoiser_input(crop)
        value, *rest = session.run(None, {name: _batch(given, name) for name in wanted})
        return Denoised(value[0, 0], rest[0][0, 0] > 0.5 if rest else np.ones(value.shape[2:], bool))

    return run


def _checkpoint(path: Path) -> Method:
    """Depth and the logit of a surface. Torch is loaded only where a checkpoint is judged."""
    import torch

    from training.models.registry import load_model

    torch.set_num_threads(1)
    model = load_model(path)

    def run(crop: FaceCrop) -> Denoised:
        given = denoiser_input(crop)
        arrays = [torch.from_numpy(_batch(given, name)) for name in ("depth", "normals", "valid", "noise")]
        with torch.inference_mode():
            value, logit = model(*arrays)
        return Denoised(value[0, 0].numpy(), logit[0, 0].numpy() > 0)

    return run
