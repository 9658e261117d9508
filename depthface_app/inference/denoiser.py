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
FINEST_SUFFIX = "_4x"  # the same weights, asked at any places inside a pixel, for four times the resolution
FINEST_FOLD = 4


def _opened(path: Path, options: RunOptions | None, inputs: tuple[str, ...] = INPUTS) -> Model:
    model = open_model(path, "denoiser", options, inputs, OUTPUTS)
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

    def __init__(self, model: Model, fine: Model | None, is_finest: bool = False) -> None:
        """Use `open`."""
        self._model, self._fine, self._is_finest = model, fine, is_finest

    @classmethod
    def open(cls, path: Path | str, options: RunOptions | None = None, finest: bool = False) -> "Denoiser":
        """Open a denoiser file, and where it lies beside it the twin for fine pictures.

        Args:
            finest: fine pictures are of four times the resolution and not of twice.

        Raises:
            ModelError: missing, broken, or made for another kind of crop.
        """
        path = Path(path)
        twin = path.with_name(path.stem + (FINEST_SUFFIX if finest else FINE_SUFFIX) + path.suffix)
        inputs = (*INPUTS, "phase") if finest else INPUTS
        return cls(_opened(path, options), _opened(twin, options, inputs) if twin.exists() else None, finest)

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
        """Whether `denoise(..., fine=True)` gives a picture of twice (or four times) the resolution."""
        return self._fine is not None

    def denoise(self, crop: FaceCrop, fine: bool = False) -> DenoisedFace:
        """Denoise a crop.

        Args:
            fine: also decode at twice the resolution, for display, at about three times the cost; or at four times,
                at about fifteen.

        Raises:
            ModelError: if the model fails or `fine` is asked of a model without a twin.
        """
        given = denoiser_input(crop)
        depth, sure = self._run(self._model, crop, given)
        fine_depth = None
        if fine:
            if self._fine is None:
                raise ModelError(f"{self.card.identity} has no finer model beside it.")
            is_finest, twin = self._is_finest, self._fine
            fine_depth = self._finest(twin, crop, given) if is_finest else self._run(twin, crop, given)[0]
        begun_s = time.perf_counter()
        directions = normals(depth, crop.intrinsics)
        normals_ms = (time.perf_counter() - begun_s) * 1000
        for array in (depth, directions, fine_depth, sure):
            if array is not None:
                array.setflags(write=False)
        return DenoisedFace(crop, depth, directions, fine_depth, normals_ms, sure)

    def _run(
        self, model: Model, crop: FaceCrop, given: DenoiserInput
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Depth in mm, NaN where there is no surface, and how sure the network is of one."""
        arrays = {name: getattr(given, name)[None] for name in INPUTS}
        value, surface = (output[0, 0] for output in model.run(**arrays)[:2])
        depth = from_range(value, crop.nose_mm[2])
        return np.where(surface > 0.5, depth, np.float32(np.nan)), surface

    def _finest(self, model: Model, crop: FaceCrop, given: DenoiserInput) -> NDArray[np.float32]:
        """(4S, 4S): every place of a grid four times as fine, a few at a time."""
        arrays = {name: getattr(given, name)[None] for name in INPUTS}
        steps = ((np.arange(FINEST_FOLD) + 0.5) / FINEST_FOLD - 0.5).astype(np.float32)
        places = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)  # x changes first
        at_once = int(model.card.number("input", "queries"))
        groups = [places[k : k + at_once] for k in range(0, len(places), at_once)]
        answers = [model.run(**arrays, phase=group)[:2] for group in groups]
        value, surface = (np.concatenate([answer[part][:, 0] for answer in answers]) for part in (0, 1))
        depth = np.where(surface > 0.5, from_range(value, crop.nose_mm[2]), np.float32(np.nan))
        side = depth.shape[-1] * FINEST_FOLD
        return depth.reshape(FINEST_FOLD, FINEST_FOLD, *depth.shape[1:]).transpose(2, 0, 3, 1).reshape(side, side)
