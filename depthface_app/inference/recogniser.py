"""The recogniser: a denoised face in, a direction that is the person out."""

import base64
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.canonical import CanonicalFace, MeanFace, canonical_face
from depthface_app.core.crop import SIZE_PX
from depthface_app.core.errors import ModelError
from depthface_app.core.face import DenoisedFace, FaceLocation
from depthface_app.inference.card import ModelCard
from depthface_app.inference.session import Model, RunOptions, open_model

INPUTS = ("depth", "normals", "valid")
OUTPUTS = ("embedding",)
MEAN_FACE_KEY = "depthface.mean_face"  # metadata: base64 of an .npz with depth_mm (128, 128) float16


def _mean_face(model: Model) -> MeanFace:
    """The face that this model wants others registered to; it travels inside the model file."""
    text = model.session.get_modelmeta().custom_metadata_map.get(MEAN_FACE_KEY)
    if text is None:
        raise ModelError(f"{model.path.name} carries no mean face (metadata “{MEAN_FACE_KEY}”); export it again.")
    try:
        with np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False) as data:
            depth = data["depth_mm"].astype(np.float32)
    except (ValueError, KeyError, OSError) as error:
        raise ModelError(f"The mean face in {model.path.name} cannot be read ({error}); export it again.") from error
    if depth.shape != (SIZE_PX, SIZE_PX):
        raise ModelError(f"The mean face in {model.path.name} is {depth.shape}, not {(SIZE_PX, SIZE_PX)}.")
    return MeanFace.of_depth(depth)


class Recogniser:
    """One LDNFNet. `embed` may be called from one thread at a time."""

    def __init__(self, model: Model, mean: MeanFace) -> None:
        """Use `open`."""
        self._model, self.mean = model, mean

    @classmethod
    def open(cls, path: Path | str, options: RunOptions | None = None) -> "Recogniser":
        """Open a recogniser file.

        Raises:
            ModelError: missing, broken, without threshold or mean face.
        """
        model = open_model(path, "recogniser", options, INPUTS, OUTPUTS)
        if model.card.threshold is None:
            raise ModelError(f"The card of {model.path.name} states no threshold; export the model again.")
        return cls(model, _mean_face(model))

    @property
    def card(self) -> ModelCard:
        """What the model says about itself."""
        return self._model.card

    @property
    def provider(self) -> str:
        """Where it really runs."""
        return self._model.provider

    def register(self, denoised: DenoisedFace, location: FaceLocation) -> CanonicalFace:
        """The face as if it looked straight ahead."""
        crop = denoised.crop
        return canonical_face(denoised.depth_mm, crop.intrinsics, location.nose_mm, location.pose, self.mean)

    def embed(self, denoised: DenoisedFace, location: FaceLocation) -> NDArray[np.float32]:
        """(D,) float32 unit vector; the nearer two are, the likelier they are one person.

        Raises:
            ModelError: if the model fails.
        """
        face = self.register(denoised, location)
        (embedding,) = self._model.run(depth=face.depth[None], normals=face.normals[None], valid=face.valid[None])
        return np.asarray(embedding[0], np.float32)
