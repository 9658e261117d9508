"""A recogniser as evaluation uses it: surfaces in, unit vectors out. Model files (.onnx) and checkpoints (.pt)."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.canonical import CanonicalFace, MeanFace, canonical_face
from depthface_app.core.depth import from_range
from depthface_app.core.face import FaceCrop, HeadPose
from depthface_app.core.match import unit
from training.faces.ict import IctModel
from training.mean_face import mean_face
from training.metrics import Denoised
from training.runtime import open_session

CARD_KEY, MEAN_FACE_KEY = "depthface.card", "depthface.mean_face"
POSE_ERROR_DEG = 4.0  # what the locator is off by, per angle; recognisers are trained with the same

Arrays = dict[str, NDArray[np.float32]]
Run = Callable[[Arrays], NDArray[np.float32]]


class Embedder:
    """One recogniser and the mean face that it wants others laid onto.

    threshold: similarity from which its card accepts a match, None where it has no card
    """

    threshold: float | None = None

    def __init__(self, path: Path, faces: Path) -> None:
        """Open a recogniser.

        Args:
            faces: folder of the face models; a checkpoint's mean face is that of the ICT model.

        Raises:
            ValueError: if a model file carries no mean face.
        """
        self.mean: MeanFace
        self._run = self._checkpoint(path, faces) if path.suffix == ".pt" else self._model_file(path)

    def _model_file(self, path: Path) -> Run:
        session = open_session(path)
        metadata = session.get_modelmeta().custom_metadata_map
        if MEAN_FACE_KEY not in metadata:
            raise ValueError(f"{path.name} carries no mean face (metadata {MEAN_FACE_KEY}), so it is no recogniser")
        with np.load(io.BytesIO(base64.b64decode(metadata[MEAN_FACE_KEY])), allow_pickle=False) as data:
            self.mean = MeanFace.of_depth(data["depth_mm"].astype(np.float32))
        self.threshold = json.loads(metadata.get(CARD_KEY, "{}")).get("threshold")
        wanted = [given.name for given in session.get_inputs()]
        return lambda arrays: np.asarray(session.run(None, {name: arrays[name] for name in wanted})[0])

    def _checkpoint(self, path: Path, faces: Path) -> Run:
        import torch  # only where a checkpoint is judged

        from training.models.registry import load_model

        torch.set_num_threads(1)
        self.mean = mean_face(IctModel.load(faces / "ict_face_model.npz"))
        model = load_model(path)

        def run(arrays: Arrays) -> NDArray[np.float32]:
            with torch.inference_mode():
                return model(*(torch.from_numpy(arrays[name]) for name in ("depth", "normals", "valid"))).numpy()

        return run

    def register(self, denoised: Denoised, crop: FaceCrop, pose: HeadPose) -> CanonicalFace:
        """Lay a surface onto this recogniser's mean face from a guess of its pose."""
        depth = np.where(denoised.surface, from_range(denoised.value, crop.nose_mm[2]), np.float32(np.nan))
        return canonical_face(depth, crop.intrinsics, crop.nose_mm, pose, self.mean)

    def embed(self, face: CanonicalFace) -> NDArray[np.float32]:
        """(D,) float32 unit vector."""
        arrays = {"depth": face.depth[None], "normals": face.normals[None], "valid": face.valid[None]}
        return unit(self._run(arrays)[0])


def guessed_pose(pose: HeadPose, rng: np.random.Generator) -> HeadPose:
    """A pose as a locator would give it."""
    off = rng.normal(0, POSE_ERROR_DEG, 3)
    return HeadPose(pose.yaw_deg + off[0], pose.pitch_deg + off[1], pose.roll_deg + off[2])
