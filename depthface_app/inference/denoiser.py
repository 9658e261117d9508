"""The denoiser: a noisy crop in, the surface out."""

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import DEPTH_RANGE_MM, SIZE_PX, WINDOW_MM
from depthface_app.core.depth import DenoiserInput, denoiser_input, from_range
from depthface_app.core.errors import ModelError
from depthface_app.core.face import DenoisedFace, FaceCrop
from depthface_app.core.normals import normals
from depthface_app.inference.card import ModelCard
from depthface_app.inference.session import Model, RunOptions, open_model

INPUTS = ("depth", "normals", "valid", "noise")
OUTPUTS = ("denoised", "surface")
FINE_SUFFIX = "_2x"  # the same weights, decoded at twice the resolution, lie beside the model under this name


def _opened(path: Path, options: RunOptions | None) -> Model:
    model = open_model(path, "denoiser", options, INPUTS, OUTPUTS)
    given = tuple(model.card.number("input", key) for key in ("window_mm", "size_px", "depth_range_mm"))
    needed = (WINDOW_MM, SIZE_PX, DEPTH_RANGE_MM)
    if given != needed:
        raise ModelError(
            f"{path.name} was made for window, size and depth range {given}, the program cuts {needed}; "
            "use a denoiser exported for this version."
        )
    return model


class Denoiser:
    """One DMDNet. `denoise` may be called from one thread at a time."""

    def __init__(self, model: Model, fine: Model | None) -> None:
        """Use `open`."""
        self._model, self._fine = model, fine

    @classmethod
    def open(cls, path: Path | str, options: RunOptions | None = None) -> "Denoiser":
        """Open a denoiser file, and its double-resolution twin where that lies beside it.

        Raises:
            ModelError: missing, broken, or made for another kind of crop.
        """
        path = Path(path)
        twin = path.with_name(path.stem + FINE_SUFFIX + path.suffix)
        return cls(_opened(path, options), _opened(twin, options) if twin.exists() else None)

    @property
    def card(self) -> ModelCard:
        """What the model says about itself."""
        return self._model.card

    @property
    def provider(self) -> str:
        """Where it really runs."""
        return self._model.provider

    @property
    def has_fine(self) -> bool:
        """Whether `denoise(..., fine=True)` gives a picture of twice the resolution."""
        return self._fine is not None

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        """Denoise a crop.

        Args:
            fine: also decode at twice the resolution, for display; about three times the cost.

        Raises:
            ModelError: if the model fails or `fine` is asked of a model without a twin.
        """
        given = denoiser_input(crop)
        depth = self._run(self._model, crop, given)
        fine_depth = None
        if fine:
            if self._fine is None:
                raise ModelError(f"{self.card.identity} has no double-resolution model beside it.")
            fine_depth = self._run(self._fine, crop, given)
        begun_s = time.perf_counter()
        surface = normals(depth, crop.intrinsics)
        normals_ms = (time.perf_counter() - begun_s) * 1000
        for array in (depth, surface, fine_depth):
            if array is not None:
                array.setflags(write=False)
        return DenoisedFace(crop, depth, surface, fine_depth, normals_ms)

    def _run(self, model: Model, crop: FaceCrop, given: DenoiserInput) -> NDArray[np.float32]:
        arrays = {name: getattr(given, name)[None] for name in INPUTS}
        value, surface = (output[0, 0] for output in model.run(**arrays)[:2])
        depth = from_range(value, crop.nose_mm[2])
        return np.where(surface > 0.5, depth, np.float32(np.nan))
