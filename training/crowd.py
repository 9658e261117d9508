"""Whole people around a generated face: hair, body, and the things people wear or hold before their faces.

Face axes: origin at the tip of the nose, x to the picture's right, y down, z away, for a head that looks straight into
the camera. Sizes are typical adult ones (neck, shoulders, eyes about 31 mm from the middle and 33 mm above the tip).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import HeadPose
from training.faces.shape import Appearance, FaceGenerator, Identity, place
from training.mesh import Mesh, bumpy, capsule, joined, ring, sheet, solid, tube
from training.props import Rng, hand, torso

SKULL_CENTRE_MM = np.array((0.0, -47.0, 118.0), np.float32)
SKULL_HALF_MM = np.array((74.0, 88.0, 86.0), np.float32)
NECK_JOINT_MM = np.array((0.0, 85.0, 125.0), np.float32)
LIPS_TO_CHIN_MM = 85.0


@dataclass(frozen=True, eq=False, slots=True)
class Person:
    """One person in camera axes.

    head:     the generated face alone, whose visible share decides whether there is a face to find
    rest:     hair, body, glasses, mask, hand
    nose_mm:  (3,) tip of the nose, also where something covers it
    rotation: (3, 3) from the upright frontal head to camera axes, as HeadPose.matrix
    wears:    names of what covers parts of the face
    """

    head: Mesh
    rest: Mesh
    nose_mm: NDArray[np.float32]
    rotation: NDArray[np.float64]
    wears: tuple[str, ...]


def _smooth(x: NDArray[np.floating]) -> NDArray[np.floating]:
    t = np.clip(x, 0, 1)
    return t * t * (3 - 2 * t)


def skull(rng: Rng, hair_mm: float) -> Mesh:
    """Back of the head with hair of this thickness behind a hairline of its own."""
    unit = solid((1, 1, 1), steps=44)
    direction = unit.vertices_mm
    hairline = rng.uniform(0.15, 0.55)
    behind = _smooth((direction[:, 2] - 0.9 * direction[:, 1] - hairline * 0.4 + 0.1) / 0.35)
    points = direction * (SKULL_HALF_MM + np.float32(hair_mm) * behind[:, None])
    cap = Mesh(points.astype(np.float32), unit.triangles)
    if hair_mm > 4:
        cap = bumpy(cap, rng, 0.12 * hair_mm, rng.uniform(14, 50))
    return cap.moved(SKULL_CENTRE_MM)


def long_hair(rng: Rng) -> Mesh:
    """A curtain of hair round the head, open in front, down to the neck or the chest."""
    open_rad, reach, wide = rng.uniform(0.75, 1.3), rng.uniform(90, 320), rng.uniform(82, 105)
    angle, height = np.meshgrid(np.linspace(open_rad, 2 * np.pi - open_rad, 48), np.linspace(-70, reach, 20))
    wave = 1 + 0.04 * np.sin(angle * rng.integers(8, 20) + height / 30)
    x, z = wide * np.sin(angle) * wave, SKULL_CENTRE_MM[2] - (wide + 12) * np.cos(angle) * wave
    return sheet(x, height, z)


def _hair(rng: Rng) -> list[Mesh]:
    style = rng.choice(("bald", "short", "full", "long", "bun"), p=(0.12, 0.38, 0.2, 0.2, 0.1))
    thick = {"bald": 0.0, "short": rng.uniform(4, 14), "full": rng.uniform(14, 38)}.get(str(style), rng.uniform(8, 22))
    parts = [skull(rng, thick)]
    if style == "long":
        parts.append(long_hair(rng))
    if style == "bun":
        size = rng.uniform(28, 48)
        at = SKULL_CENTRE_MM + np.array((0, -70 * rng.uniform(0, 1.3), 85 * rng.uniform(0.2, 1.0)))
        parts.append(bumpy(solid((size, size, size), steps=20), rng, 3, 14).moved(at))
    return parts


def glasses(rng: Rng) -> Mesh:
    """Rims, bridge and temples; on some the glass itself returns a reading."""
    wide, high, thick = rng.uniform((21, 14, 1.0), (29, 25, 3.2))
    parts, depth, solid_glass = [], rng.uniform(16, 26), rng.random() < 0.4
    upright = np.array(((1, 0, 0), (0, 0, 1), (0, -1, 0.0)))
    for side in (-1, 1):
        eye = np.array((side * 32.0, -31.0, depth))
        parts.append(ring((wide, high), thick).moved(eye, upright))
        parts.append(capsule(eye + np.array((side * wide, -4, 2)), (side * 80, -36, 118), thick))
        if solid_glass:
            parts.append(solid((wide, high, 2.0), steps=16).moved(eye))
    return joined((*parts, capsule((-10, -33, depth), (10, -33, depth), thick)))


def hat(rng: Rng) -> Mesh:
    """A cap, a woollen hat or a brimmed hat over the skull."""
    grow = rng.uniform(6, 26)
    unit = solid((1, 1, 1), steps=36)
    low = rng.uniform(-0.45, -0.2)
    points = np.minimum(unit.vertices_mm, (9, low, 9))
    crown = Mesh(points.astype(np.float32), unit.triangles).scaled(SKULL_HALF_MM + np.float32(grow))
    parts = [crown.moved(SKULL_CENTRE_MM + np.array((0, -6, -4)))]
    edge = float(SKULL_CENTRE_MM[1] + low * (SKULL_HALF_MM[1] + grow))
    brim = rng.choice(("none", "peak", "round"), p=(0.35, 0.4, 0.25))
    if brim == "peak":
        parts.append(solid((70, 4, rng.uniform(50, 75))).moved((0, edge + rng.uniform(-4, 10), 28)))
    if brim == "round":
        parts.append(solid((rng.uniform(120, 170), 4, rng.uniform(130, 180))).moved((0, edge, SKULL_CENTRE_MM[2])))
    return joined(parts)


def mask(rng: Rng) -> Mesh:
    """A surgical or dust mask from the bridge of the nose to under the chin."""
    x, y = np.meshgrid(np.linspace(-64, 64, 33), np.linspace(-24, LIPS_TO_CHIN_MM, 29))
    keel, round_mm, chin = rng.uniform((2, 45, 8), (14, 75, 28))
    z = -keel + round_mm * (np.abs(x) / 64) ** rng.uniform(1.4, 2.2) + chin * (np.clip(y - 10, 0, None) / 75) ** 2
    z += 20 * (np.clip(-y, 0, None) / 24) + rng.uniform(0, 1.5) * np.sin(y / rng.uniform(4, 9))
    return sheet(x, y, z)


def scarf(rng: Rng) -> Mesh:
    """A scarf around the neck, sometimes up over the chin."""
    thick = rng.uniform(25, 48)
    around = bumpy(ring((rng.uniform(70, 95), rng.uniform(75, 100)), thick), rng, 5, 40)
    return around.moved(NECK_JOINT_MM + np.array((0, rng.uniform(5, 60), -30)))


def held_hand(rng: Rng) -> Mesh:
    """A hand before or beside the face."""
    turn = HeadPose(*rng.uniform((-60, -40, -180), (60, 40, 180))).matrix()
    return hand(rng).moved(rng.uniform((-95, -60, -110), (95, 120, -25)), turn)


def covering_hand(rng: Rng) -> Mesh:
    """A hand that hides part of the face, its arm from below or the side."""
    turn = HeadPose(*rng.uniform((-50, -35, -110), (50, 35, 110))).matrix()
    return hand(rng).moved(rng.uniform((-48, -50, -55), (48, 60, -28)), turn)


WORN = {
    "glasses": (glasses, 0.3),
    "hat": (hat, 0.15),
    "mask": (mask, 0.06),
    "scarf": (scarf, 0.1),
    "hand": (held_hand, 0.08),
}


def _worn(rng: Rng) -> tuple[list[Mesh], tuple[str, ...]]:
    names = tuple(name for name, (_, chance) in WORN.items() if rng.random() < chance)
    return [WORN[name][0](rng) for name in names], names


def appearance(rng: Rng, expression: NDArray[np.float32]) -> Appearance:
    """Expression, and hair and beard as the generator models them."""
    beard = float(rng.uniform(1, 14)) if rng.random() < 0.25 else 0.0
    fringe = float(rng.uniform(55, 120)) if rng.random() < 0.6 else 200.0
    return Appearance(expression, fringe, float(rng.uniform(2, 16)), beard, int(rng.integers(2**31)))


def _body(rng: Rng, joint_mm: NDArray[np.floating], turn_deg: float) -> Mesh:
    """Trunk under the neck joint, upright but for a slight lean."""
    lean = HeadPose(turn_deg, rng.normal(0, 8), rng.normal(0, 5)).matrix()
    return torso(rng).moved(joint_mm, lean)


def make_person(
    generator: FaceGenerator,
    identity: Identity,
    turned: HeadPose,
    facing: NDArray[np.float64],
    nose_mm: NDArray[np.float32],
    rng: Rng,
    look: Appearance | None = None,
) -> Person:
    """Put one person into the scene.

    Args:
        turned: the head's pose against the line of sight.
        facing: (3, 3) from the axes of that line of sight to camera axes.
        look: expression, hair and beard, with nothing worn or held before the face; None draws all of it.
    """  # fmt: skip
    bare = look is not None
    vertices = generator.vertices(identity, look or appearance(rng, generator.sample_expression(rng)))
    face_axes = place(vertices, generator.nose_tip, HeadPose(0, 0, 0), (0, 0, 0))
    rotation = facing @ turned.matrix()
    worn, names = ([], ()) if bare else _worn(rng)
    neck_end = np.array(((0, 20, 130), NECK_JOINT_MM + np.array((0, 120, 25))), np.float64)
    on_head = joined([*_hair(rng), *worn, tube(neck_end, rng.uniform(48, 60, 2), 20)])
    body_turn = turned.yaw_deg * rng.uniform(0.2, 1.1) + rng.normal(0, 12)
    joint = rotation @ NECK_JOINT_MM + nose_mm
    rest = joined((on_head.moved(nose_mm, rotation), _body(rng, joint, float(body_turn))))
    return Person(Mesh(face_axes, generator.triangles).moved(nose_mm, rotation), rest, nose_mm, rotation, names)
