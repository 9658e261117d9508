"""Checkouts of the face models' repositories in miniature: the files that the importers read, made up throughout."""

import gzip
import json
from pathlib import Path

import numpy as np

from training.faces.import_ict import Layout
from training.faces.import_makehuman import DETAIL_FOLDERS, MACRO, PARTS, UNIVERSAL
from training.faces.makehuman import FULLNESS

ROWS, COLUMNS = 24, 28
FACE = ROWS * COLUMNS
ICT_LAYOUT = Layout(FACE + 80, 3, (("face", 0, FACE), ("head_neck", FACE, FACE + 40)))


def egg(rows: int, columns: int) -> tuple[np.ndarray, list[list[int]]]:
    """A head with a nose in mm, model axes, and its quads (from 0), wound anticlockwise from outside."""
    up, around = np.meshgrid(np.linspace(1.3, -1.3, rows), np.linspace(-np.pi, np.pi, columns), indexing="ij")
    nose = 22 * np.exp(-((around / 0.25) ** 2) - ((up + 0.05) / 0.2) ** 2)
    x, z = 75 * np.cos(up) * np.sin(around), 87 * np.cos(up) * np.cos(around) + nose
    points = np.stack((x, 110 * np.sin(up), z), -1).reshape(-1, 3)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    return points, np.stack((corner, corner + columns, corner + columns + 1, corner + 1), 1).tolist()


def patch(count: int, at_mm: tuple[float, float, float]) -> np.ndarray:
    """A strip of points (count, 3) around a place, two by two."""
    k = np.arange(count)
    return np.stack((k // 2, 5 * (k % 2), 0 * k), 1) + np.array(at_mm)


def strip(count: int, first: int) -> list[list[int]]:
    """Its quads."""
    return [[first + k, first + k + 1, first + k + 3, first + k + 2] for k in range(0, count - 2, 2)]


def obj_text(points: np.ndarray, groups: dict[str, list[list[int]]]) -> str:
    """A Wavefront file with texture corners, as both repositories have them."""
    lines = ["mtllib none.mtl", *(f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in points), "vt 0.5 0.5"]
    for group, polygons in groups.items():
        lines += [f"g {group}"] if group else []
        lines += ["f " + " ".join(f"{corner + 1}/1" for corner in polygon) for polygon in polygons]
    return "\n".join(lines) + "\n"


def write_ict_checkout(folder: Path) -> Path:
    """Neutral mesh, three identities, two expressions and the table of landmarks, in centimetres."""
    model = folder / "FaceXModel"
    model.mkdir(parents=True)
    points, quads = egg(ROWS, COLUMNS)
    points = np.concatenate((points, patch(40, (0, -60, 20)), patch(40, (0, 0, 200)))) / 10
    polygons = quads + strip(40, FACE) + strip(40, FACE + 40)
    rng = np.random.default_rng(0)
    for name in ("generic_neutral_mesh", "identity000", "identity001", "identity002", "jawOpen", "mouthSmile_L"):
        wave = np.cos(points @ rng.normal(0, 0.3, (3, 3)))
        moved = 0 if name.startswith("generic") else 0.2 * wave / np.abs(wave[:FACE]).max()
        (model / f"{name}.obj").write_text(obj_text(points + moved, {"": polygons}))
    landmarks = np.flatnonzero(points[:FACE, 2] > 2)[:68].tolist()
    landmarks[30] = int(points[:FACE, 2].argmax())
    about = {"expressions": ["jawOpen", "mouthSmile_L"], "idx_to_landmark_verts": landmarks}
    (model / "vertex_indices.json").write_text(json.dumps(about))
    return folder


def write_makehuman_checkout(folder: Path) -> Path:
    """Base mesh and targets in decimetres; every target moves a few vertices by up to 5 mm."""
    data = folder / "src/mpfb/data"
    (data / "3dobjs").mkdir(parents=True)
    head, quads = egg(ROWS, COLUMNS)
    points, groups = (
        [head + np.array((0, 690, 0)), patch(20, (0, 100, 0))],
        {PARTS[0]: quads + strip(20, FACE), "joint-x": []},
    )
    for name in PARTS[1:]:
        groups[name] = strip(8, sum(map(len, points)))
        points.append(patch(8, (0, 690, 60)))
    mesh = np.concatenate(points) / 100
    (data / "3dobjs/base.obj").write_text(obj_text(mesh, groups))
    names = [f"macrodetails/{name}" for name in MACRO] + [f"macrodetails/universal-{name}" for name in UNIVERSAL]
    names += [f"{stem}-{end}" for stem in FULLNESS for end in ("incr", "decr")]
    names += [f"{name}/{name}-width-{end}" for name in DETAIL_FOLDERS for end in ("incr", "decr") if name != "head"]
    names += ["head/head-trans-up", "asym/asymm-trunk-1-l"]
    names += ["expression/units/caucasian/mouth-open", "expression/units/caucasian/nose-compression"]
    rng = np.random.default_rng(1)
    for name in names:
        path = data / f"targets/{name}.target.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        moved = rng.choice(FACE, 60, replace=False)
        lines = [f"{k} .05 {0.01 * rng.random():.4f} 0" for k in moved]
        path.write_bytes(gzip.compress("\n".join(["# basemesh hm08", *lines, ""]).encode()))
    return folder
