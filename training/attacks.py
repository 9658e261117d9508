"""Presentation attacks: what somebody holds before a depth camera, or their own face, to pass for another person.

Each species makes a surface in face axes: origin where the tip of the nose would be, x to the picture's right, y down,
z away. What these renderings cannot show: silicone masks and good busts, which have a face's own relief.

Terms and species: ISO/IEC 30107-3:2023 (attack presentation, presentation attack instrument species).
"""

from collections.abc import Callable

import cv2
import numpy as np

from depthface_app.core.canonical import CANONICAL, FAR_AWAY_MM, STEP_MM
from depthface_app.core.face import HeadPose
from depthface_app.core.render import render_depth
from training.crowd import NECK_JOINT_MM, skull
from training.faces.shape import Appearance, FaceGenerator, Identity, place
from training.mesh import Mesh, box, joined, sheet
from training.props import Rng, torso

HEAD_HALF_MM = np.array((78.0, 108.0))  # of a head's outline
BEHIND_MM = (120.0, 450.0)  # from the held thing to the nose of who holds it
GRID_STEP_MM = 4.0
FACE_REACH_MM = 105.0

Make = Callable[[Rng, Mesh], Mesh]


def _grid(half_x: float, half_y: float) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.arange(-half_x, half_x + 1, GRID_STEP_MM), np.arange(-half_y, half_y + 1, GRID_STEP_MM)
    across, down = np.meshgrid(x, y)
    return across, down


def _bent(across: np.ndarray, radius_mm: float) -> np.ndarray:
    """Depth of a cylinder about the vertical, bulging towards the camera; its sides stop where they turn away."""
    inside = np.minimum(np.abs(across), 0.97 * radius_mm)
    return radius_mm - np.sqrt(radius_mm**2 - inside**2)


def _within(mesh: Mesh, keep: np.ndarray) -> Mesh:
    """Only the triangles all of whose vertices are kept."""
    return Mesh(mesh.vertices_mm, mesh.triangles[keep[mesh.triangles].all(1)])


def flat_picture(rng: Rng, head: Mesh) -> Mesh:
    """A print or a photograph on card."""
    across, down = _grid(*rng.uniform((85, 110), (160, 210)))
    return sheet(across, down, np.zeros_like(across))


def bent_picture(rng: Rng, head: Mesh) -> Mesh:
    """The same, bent round the vertical or the horizontal, as far as round a head."""
    half_x, half_y = rng.uniform((85, 110), (130, 170))
    across, down = _grid(half_x, half_y)
    radius = rng.uniform(75, 350)
    return sheet(across, down, _bent(across if rng.random() < 0.7 else down, radius))


def crumpled_picture(rng: Rng, head: Mesh) -> Mesh:
    """The same, bent a little and with waves and folds in it."""
    across, down = _grid(*rng.uniform((85, 110), (130, 170)))
    depth = _bent(across, rng.uniform(150, 800))
    for _ in range(4):
        direction, length = rng.uniform(0, np.pi), rng.uniform(45, 160)
        phase = (across * np.cos(direction) + down * np.sin(direction)) / length * 2 * np.pi + rng.uniform(0, 6)
        depth = depth + rng.uniform(0.5, 3.5) * np.sin(phase)
    return sheet(across, down, depth)


def screen(rng: Rng, head: Mesh) -> Mesh:
    """A tablet or a laptop's screen with its rim."""
    half_x, half_y = rng.uniform((75, 105), (170, 130))
    rim = box((half_x + 6, half_y + 6, 4)).moved((0, 0, 4.5))
    across, down = _grid(half_x, half_y)
    return joined((rim, sheet(across, down, np.zeros_like(across))))


def cut_out(rng: Rng, head: Mesh) -> Mesh:
    """A picture cut along the head's outline, often bent."""
    across, down = _grid(*HEAD_HALF_MM)
    depth = _bent(across, rng.uniform(90, 600))
    inside = ((across / HEAD_HALF_MM[0]) ** 2 + (down / HEAD_HALF_MM[1]) ** 2 <= 1).ravel()
    return _within(sheet(across, down, depth), inside)


def worn_picture(rng: Rng, head: Mesh) -> Mesh:
    """A cut-out worn as a mask; the nose of who wears it pushes through."""
    across, down = _grid(*HEAD_HALF_MM)
    sheet_mm = sheet(across, down, _bent(across, rng.uniform(80, 130)))
    middle = np.hypot(across, down * 0.8).ravel() > rng.uniform(14, 24)
    outline = ((across / HEAD_HALF_MM[0]) ** 2 + (down / HEAD_HALF_MM[1]) ** 2 <= 1).ravel()
    paper = _within(sheet_mm, middle & outline).moved((0, 0, rng.uniform(8, 16)))
    return joined((paper, head))


def shallow_relief(rng: Rng, head: Mesh) -> Mesh:
    """The face itself, pressed flat to a share of its depth: an embossed or lenticular picture, a medal."""
    near = np.abs(head.vertices_mm[:, :2]).max(1) < FACE_REACH_MM
    return _within(head, near & (head.vertices_mm[:, 2] < FACE_REACH_MM)).scaled((1, 1, rng.uniform(0.05, 0.5)))


def smooth_relief(rng: Rng, head: Mesh) -> Mesh:
    """The face without its detail: a stocking, a balloon, a dummy's head."""
    far = Mesh(head.vertices_mm * np.float32(1), head.triangles).moved((0, 0, FAR_AWAY_MM))
    depth = render_depth(far.vertices_mm, far.triangles, CANONICAL) - np.float32(FAR_AWAY_MM)
    known = np.nan_to_num(np.minimum(depth, FACE_REACH_MM), nan=FACE_REACH_MM)
    soft = cv2.GaussianBlur(known, (0, 0), rng.uniform(12, 28) / STEP_MM)
    at = (np.arange(len(soft)) - (len(soft) - 1) / 2) * STEP_MM
    across, down = np.meshgrid(at, at)
    made = sheet(across[::2, ::2], down[::2, ::2], (soft - soft.min())[::2, ::2])
    return _within(made, (soft[::2, ::2] < FACE_REACH_MM - 8).ravel())


SPECIES: dict[str, Make] = {
    "flat picture": flat_picture,
    "bent picture": bent_picture,
    "crumpled picture": crumpled_picture,
    "screen": screen,
    "cut-out": cut_out,
    "worn picture": worn_picture,
    "shallow relief": shallow_relief,
    "smooth relief": smooth_relief,
}


def attack(
    name: str,
    faces: FaceGenerator,
    identity: Identity,
    look: Appearance,
    pose: HeadPose,
    nose_mm: np.ndarray,
    rng: Rng,
) -> Mesh:
    """An attack of one species before the camera, and the body of who presents it.

    Args:
        look: of the face that is shown, or pushed through.
        pose: how the thing is held, as a head's pose.
        nose_mm: (3,) where the tip of the nose would be, camera axes.
    """
    head = Mesh(place(faces.vertices(identity, look), faces.nose_tip, HeadPose(0, 0, 0), (0, 0, 0)), faces.triangles)
    made = SPECIES[name](rng, head).moved(nose_mm, pose.matrix())
    if name == "worn picture":
        body = joined((skull(rng, 8.0).moved(nose_mm, pose.matrix()), torso(rng).moved(nose_mm + NECK_JOINT_MM)))
    else:
        away = np.array((rng.uniform(-120, 120), rng.uniform(-60, 120), rng.uniform(*BEHIND_MM)))
        body = torso(rng).moved(nose_mm + away + NECK_JOINT_MM)
    return joined((made, body))
