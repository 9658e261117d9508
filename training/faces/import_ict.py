"""Builds `ict_face_model.npz` from a checkout of ICT-FaceKit: `python -m training.faces.import_ict CHECKOUT OUT.npz`.

Source: github.com/ICT-VGL/ICT-FaceKit, MIT licence, Copyright (c) 2020 USC Institute for Creative Technologies; the
ranges of vertices are those of its table "Geometry name". Centimetres become millimetres. What no sensor sees is left
out: the back of the head, the bust, the irises behind their corneas, gums, teeth and lashes.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.faces.sources import Obj, as_triangles, read_obj, renumbered, write_model

MM = 10.0
NOSE_TIP_LANDMARK = 30  # of the 68 in Multi-PIE order
LOWEST_MM, BACKMOST_MM, SOCKET_FRONT_MM = -149.0, -91.0, 82.0
PART_NAMES = (
    "face", "head_neck", "mouth_socket", "gums_tongue", "teeth", "eyeL", "eyeR", "eye_socket", "lacrimal",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of the mesh begin and end.

    vertices: how many the mesh has
    modes:    how many identity meshes there are
    parts:    (name, first vertex, one past the last) of what is kept
    """

    vertices: int
    modes: int
    parts: tuple[tuple[str, int, int], ...]


LIGHT = Layout(
    26_719,
    100,
    (
        ("face", 0, 9409), ("head_neck", 9409, 11_248), ("mouth_socket", 11_248, 13_294),
        ("eye_socket", 13_294, 14_062), ("eyeL", 21_451, 22_221), ("eyeR", 23_021, 23_791),
        ("lacrimal", 24_591, 24_999),
    ),
)  # fmt: skip


def import_ict(checkout: Path, layout: Layout = LIGHT) -> dict[str, NDArray]:
    """The arrays of the face-model file, named as `training/faces/ict.py` reads them.

    Raises:
        FileNotFoundError: if a file of the model is missing.
        ValueError: if a file is cut off or does not belong to the same mesh.
    """
    folder = _folder(checkout)
    neutral = read_obj(folder / "generic_neutral_mesh.obj")
    if len(neutral.vertices) != layout.vertices:
        found = len(neutral.vertices)
        raise ValueError(f"{folder / 'generic_neutral_mesh.obj'} has {found} vertices instead of {layout.vertices}")
    about = _indices(folder / "vertex_indices.json")
    triangles, parts = _kept_triangles(neutral, layout)
    numbered, kept = renumbered(triangles)
    landmarks = np.searchsorted(kept, about["idx_to_landmark_verts"])
    if not np.array_equal(kept[np.minimum(landmarks, len(kept) - 1)], about["idx_to_landmark_verts"]):
        raise ValueError(f"{folder / 'vertex_indices.json'} has landmarks outside the face; it belongs to another mesh")
    return {
        "mean": (MM * neutral.vertices[kept]).astype(np.float32),
        "id_basis": _basis(folder, [f"identity{k:03d}" for k in range(layout.modes)], neutral, kept),
        "ex_basis": _basis(folder, about["expressions"], neutral, kept),
        "ex_names": np.array(about["expressions"]),
        "triangles": numbered,
        "tri_part": parts,
        "part_names": np.array(PART_NAMES),
        "landmarks68": landmarks.astype(np.int32),
        "nose_tip": np.array(landmarks[NOSE_TIP_LANDMARK], np.int32),
        "src_vertex": kept,
    }


def _folder(checkout: Path) -> Path:
    for folder in (checkout / "FaceXModel", checkout):
        if (folder / "generic_neutral_mesh.obj").is_file():
            return folder
    raise FileNotFoundError(f"{checkout} is no checkout of ICT-FaceKit: FaceXModel/generic_neutral_mesh.obj is missing")


def _indices(path: Path) -> dict[str, list]:
    """What the model says about its own vertices: 68 landmarks and the names of the expressions."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; is the checkout complete?")
    try:
        about = json.loads(path.read_text())
        landmarks, names = about["idx_to_landmark_verts"], about["expressions"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is cut off or damaged") from None
    if len(landmarks) != 68 or not names:
        raise ValueError(
            f"{path} names {len(landmarks)} landmarks and {len(names)} expressions; 68 and some are needed"
        )
    return {"idx_to_landmark_verts": landmarks, "expressions": names}


def _kept_triangles(neutral: Obj, layout: Layout) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Triangles (M, 3) in the mesh's own vertex numbers and the number of the part of each (M,)."""
    triangles, _ = as_triangles(neutral.polygons)
    centre = MM * neutral.vertices[triangles].mean(1)
    before = (centre[:, 1] > LOWEST_MM) & (centre[:, 2] > BACKMOST_MM)
    part = np.full(len(triangles), -1)
    for name, first, end in layout.parts:
        inside = before & (triangles.max(1) >= first) & (triangles.max(1) < end)
        if name == "eye_socket":
            inside &= centre[:, 2] > SOCKET_FRONT_MM
        if name.startswith("eye") and name != "eye_socket":
            inside &= triangles.min(1) >= first
        part[inside] = PART_NAMES.index(name)
    return triangles[part >= 0], part[part >= 0].astype(np.uint8)


def _basis(folder: Path, names: list[str], neutral: Obj, kept: NDArray[np.int32]) -> NDArray[np.float16]:
    """(K, N, 3) movement in mm from the neutral mesh to each named one."""
    out = np.empty((len(names), len(kept), 3), np.float16)
    for k, name in enumerate(names):
        path = folder / f"{name}.obj"
        mesh = read_obj(path)
        if mesh.vertices.shape != neutral.vertices.shape:
            raise ValueError(
                f"{path} has {len(mesh.vertices)} vertices instead of {len(neutral.vertices)}; the file is incomplete"
            )
        out[k] = MM * (mesh.vertices - neutral.vertices)[kept]
    return out


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path, help="folder of an ICT-FaceKit checkout")
    parser.add_argument("out", type=Path, help="face-model file to write, ict_face_model.npz")
    options = parser.parse_args()
    try:
        arrays = import_ict(options.checkout)
        write_model(options.out, arrays)
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None
    print(f"{options.out}: {len(arrays['mean'])} vertices, {len(arrays['id_basis'])} identity modes")


if __name__ == "__main__":
    main()
