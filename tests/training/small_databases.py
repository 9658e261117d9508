"""The seven databases in miniature: a few of the program's own simulated people, written in each database's format."""

import gzip
import struct
from pathlib import Path

import cv2
import numpy as np

from depthface_app.cameras.simulation.people import People
from depthface_app.core.assets import asset
from depthface_app.core.frame import Intrinsics
from depthface_app.core.render import render_depth
from depthface_app.core.sensors import SENSORS
from training.databases import multisface

PEOPLE = People.load(asset("simulated_people.npz"))
NOSE_MM = (15.0, -10.0, 750.0)
GRID = 112  # side of a scanner's point grid
SEEN_MM = 260.0


def head(person: int, move: int | None = None):
    """Vertices (N, 3) in camera axes with the tip of the nose at the origin, and triangles."""
    who = PEOPLE.person(person, 2)
    vertices = who.head.vertices_mm + (0 if move is None else 0.8 * who.moves[move])
    return vertices.astype(np.float32), who.head.triangles


def depth_map(person: int, pinhole: Intrinsics, move: int | None = None, shift_mm=(0.0, 0.0, 0.0)):
    """(H, W) float32 mm of one head at NOSE_MM, NaN around it."""
    vertices, triangles = head(person, move)
    return render_depth(vertices + np.float32(NOSE_MM) + np.float32(shift_mm), triangles, pinhole)


def scan_points(person: int, move: int | None = None):
    """(GRID, GRID, 3) mm as a scanner gives them: x right, y up, z towards it, tip of the nose at the origin."""
    focal = GRID * 1000.0 / SEEN_MM
    pinhole = Intrinsics(GRID, GRID, focal, focal, (GRID - 1) / 2, (GRID - 1) / 2)
    vertices, triangles = head(person, move)
    depth = render_depth(vertices + np.float32((0, 0, 1000)), triangles, pinhole)
    return (pinhole.back_project(depth) - np.float32((0, 0, 1000))) * np.float32((1, -1, -1))


def write_abs(path: Path, points) -> None:
    seen = ~np.isnan(points[..., 2])
    filled = np.where(seen[..., None], points, -999999.0)
    rows = [" ".join(map(str, seen.ravel().astype(int)))]
    rows += [" ".join(f"{value:f}" for value in filled[..., axis].ravel()) for axis in range(3)]
    text = f"{len(points)} rows\n{points.shape[1]} columns\npixels (flag X Y Z):\n" + "\n".join(rows) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with (gzip.open if path.suffix == ".gz" else open)(path, "wt") as file:
        file.write(text)


def write_bnt(path: Path, points) -> None:
    background = -1e9
    columns = [np.nan_to_num(points[..., axis], nan=background).ravel() for axis in range(3)]
    columns += [np.zeros(points[..., 0].size)] * 2
    picture = path.stem.encode() + b".png"
    header = struct.pack("<HHdH", *points.shape[:2], background, len(picture)) + picture
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + struct.pack("<I", 5 * columns[0].size) + np.stack(columns).astype("<f8").tobytes())


def write_lm3(path: Path, nose=(0.0, 0.0, 0.0)) -> None:
    path.write_text(
        f"# 3D landmarks\n\n2 landmarks:\nNose tip\n{nose[0]} {nose[1]} {nose[2]}\nChin middle\n0.0 -70.0 -15.0\n"
    )


def write_wrl(path: Path, vertices, triangles) -> None:
    points = ",\n".join(" ".join(f"{value:.4f}" for value in v) for v in vertices)
    faces = ",\n".join(f"{a}, {b}, {c}, -1" for a, b, c in triangles)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "#VRML V2.0 utf8\nShape { geometry IndexedFaceSet {\n"
        f"coord Coordinate {{ point [\n{points}\n] }}\ncoordIndex [\n{faces}\n]\n}} }}\n"
    )


def write_bnd(path: Path) -> None:
    """83 points of which lines 37 to 48 lie in a ring around the origin."""
    points = np.full((83, 3), 60.0)
    around = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    points[36:48] = np.stack((12 * np.cos(around), 12 * np.sin(around), np.full(12, -12.0)), 1)
    path.write_text("\n".join(f"{k} {x:.3f} {y:.3f} {z:.3f}" for k, (x, y, z) in enumerate(points)) + "\n")


def face_mesh(person: int, move: int | None = None):
    """The front of a head in the scanner's axes, as BU-3DFE cuts it out."""
    vertices, triangles = head(person, move)
    front = (vertices[:, 2] < 90) & (np.abs(vertices[:, 1]) < 90)
    kept = triangles[front[triangles].all(1)]
    used, corners = np.unique(kept, return_inverse=True)
    return vertices[used] * np.float32((1, -1, -1)), corners.reshape(-1, 3)


def write_depth(path: Path, depth) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.nan_to_num(np.rint(depth)).astype(np.uint16))


def write_raw(path: Path, depths) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(np.nan_to_num(np.rint(depth)).astype("<u2").tobytes() for depth in depths))


def nose_label(pinhole: Intrinsics) -> str:
    x, y = np.rint(pinhole.project(np.array(NOSE_MM))).astype(int)
    return f"x:{x - 14} y:{y - 25}\nx:{x + 14} y:{y - 25}\nx:{x} y:{y}\nx:{x - 14} y:{y + 21}\nx:{x + 14} y:{y + 21}\n"


def frgc(folder: Path, people=(0, 1)) -> Path:
    for k, person in enumerate(people):
        write_abs(folder / "Fall2003range" / f"0{4201 + k}d{300 + k}.abs.gz", scan_points(person))
        write_abs(folder / "Spring2004range" / f"0{4201 + k}d{400 + k}.abs", scan_points(person, 0))
    return folder


def bosphorus(folder: Path, people=(2, 3)) -> Path:
    for k, person in enumerate(people):
        for name, move in (("N_N_0", None), ("E_HAPPY_0", 0)):
            path = folder / f"bs{k:03d}" / f"bs{k:03d}_{name}.bnt"
            write_bnt(path, scan_points(person, move))
            write_lm3(path.with_suffix(".lm3"))
    return folder


def bu3dfe(folder: Path, people=(4,)) -> Path:
    for k, person in enumerate(people):
        for name, move in (("NE00WH", None), ("HA04WH", 0)):
            path = folder / f"F{k + 1:04d}" / f"F{k + 1:04d}_{name}_F3D.wrl"
            write_wrl(path, *face_mesh(person, move))
            write_bnd(path.with_suffix(".bnd"))
    return folder


def lock3dface(folder: Path, people=(5, 6, 7)) -> Path:
    pinhole = SENSORS["kinect2"].intrinsics()
    for k, person in enumerate(people):
        for session, kind, number, move in (
            (1, "NU", 1, None),
            (1, "FE", 1, 0),
            (1, "OC", 1, None),
            (1, "NU", 2, None),
            (2, "NU", 1, None),
        ):
            stem = f"{k + 1:03d}_Kinect_{kind}_{number}"
            depth = depth_map(person, pinhole, move)
            write_raw(folder / f"session{session}" / f"{stem}DEPTH.RAW", [depth] * 2)
            (folder / f"session{session}" / f"{stem}INFRARED.txt").write_text(nose_label(pinhole))
    return folder


def ustc(folder: Path, people=(8, 9, 10)) -> Path:
    for k, person in enumerate(people):
        for n, move in enumerate((None, 0)):
            depth = depth_map(person, SENSORS["kinect1"].intrinsics(), move)
            write_depth(folder / f"{k:04d}" / f"{n}_depth.png", depth)
    return folder


def multisface_(folder: Path, people=(8, 9, 10)) -> Path:
    for k, person in enumerate(people):
        for n, move in enumerate((None, 0)):
            write_depth(
                folder / f"{k:02d}" / f"s{n}" / "000_depth.png", depth_map(person, multisface.intrinsics(), move)
            )
    return folder


def iiitd(folder: Path, people=(8, 9)) -> Path:
    for part, move in (("training", None), ("testing", 0)):
        for k, person in enumerate(people):
            depth = depth_map(person, SENSORS["kinect1"].intrinsics(), move)
            write_depth(folder / "fold1" / part / f"{k:03d}" / "1_depth.png", depth)
    return folder


WRITERS = {
    "FRGCv2": frgc,
    "BU3DFE": bu3dfe,
    "Bosphorus": bosphorus,
    "Lock3DFace": lock3dface,
    "USTC": ustc,
    "MultiSFace": multisface_,
    "IIIT-D": iiitd,
}


def write_all(folder: Path) -> Path:
    """All seven, each in the folder of its name."""
    for name, write in WRITERS.items():
        write(folder / name)
    return folder
