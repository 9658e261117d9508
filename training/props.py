"""Things that stand in rooms and are not faces: what a locator must pass over.

Everything is in camera axes (x right, y down, z away) about its own origin, in mm, and upright before it is turned.
"""

from collections.abc import Callable

import numpy as np

from training.mesh import Mesh, box, bumpy, capsule, joined, random_rotation, ring, sheet, solid, tube

Rng = np.random.Generator


def ball(rng: Rng) -> Mesh:
    """A ball of the size of a head, the classical false alarm."""
    radius = rng.uniform(50, 140)
    return solid((radius, radius, radius), steps=36)


def blob(rng: Rng) -> Mesh:
    """A lump of the size of a head with hills of its own, some with one that sticks out like a nose."""
    half = rng.uniform((55, 70, 55), (110, 150, 120))
    lump = bumpy(solid(half, steps=40), rng, rng.uniform(2, 14), rng.uniform(18, 70))
    if rng.random() < 0.4:
        bump = solid(rng.uniform((10, 12, 10), (28, 35, 30)), steps=14)
        lump = joined((lump, bump.moved((rng.uniform(-20, 20), rng.uniform(-40, 40), -half[2]))))
    return lump


def mannequin(rng: Rng) -> Mesh:
    """A shop dummy: an egg without features on a neck and shoulders."""
    head = solid(rng.uniform((62, 95, 75), (80, 125, 105)), steps=32)
    neck = capsule((0, 60, 10), (0, 190, 20), rng.uniform(45, 60))
    bust = solid((rng.uniform(150, 210), 90, 90), 0.7, 0.7).moved((0, 260, 20))
    return joined((head, neck, bust) if rng.random() < 0.7 else (head, neck))


def carton(rng: Rng) -> Mesh:
    """A box, a book, a parcel."""
    return box(rng.uniform((30, 30, 15), (280, 250, 250)))


def pillow(rng: Rng) -> Mesh:
    """A cushion."""
    flat = solid(rng.uniform((150, 130, 40), (280, 230, 90)), 0.5, 0.7, 30)
    return bumpy(flat, rng, rng.uniform(2, 10), rng.uniform(60, 120))


def chair(rng: Rng) -> Mesh:
    """Seat, back, four legs, sometimes a head-rest on posts."""
    width, depth, height = rng.uniform((190, 190, 250), (260, 260, 420))
    parts = [box((width, 20, depth)), box((width, height / 2, 18)).moved((0, -height / 2, depth))]
    for x in (-1, 1):
        for z in (-1, 1):
            parts.append(capsule((x * width * 0.9, 0, z * depth * 0.9), (x * width * 0.9, 450, z * depth * 0.9), 16))
    if rng.random() < 0.4:
        parts.append(solid((130, 75, 45), 0.6, 0.6).moved((0, -height - 90, depth)))
    return joined(parts)


def table(rng: Rng) -> Mesh:
    """A top with things on it."""
    width, depth = rng.uniform((400, 250), (900, 450))
    parts = [box((width, 18, depth)), capsule((0, 0, 0), (0, 700, 0), 40)]
    for _ in range(rng.integers(0, 5)):
        thing = SMALL[rng.integers(len(SMALL))](rng)
        height = thing.vertices_mm[:, 1].max()
        parts.append(thing.moved((rng.uniform(-width, width), -18 - height, rng.uniform(-depth, depth))))
    return joined(parts)


def shelf(rng: Rng) -> Mesh:
    """Boards between two sides, with rows of books and other things."""
    width, gap = rng.uniform((250, 220), (600, 380))
    parts = [box((12, 2 * gap, 130)).moved((x * width, 0, 0)) for x in (-1, 1)]
    for level in range(-2, 3):
        parts.append(box((width, 9, 130)).moved((0, level * gap, 0)))
        for x in np.arange(-width + 40, width - 40, rng.uniform(60, 220)):
            height = rng.uniform(0.3, 0.9) * gap / 2
            item = box((rng.uniform(15, 50), height, 90)) if rng.random() < 0.7 else solid((45, height, 45))
            parts.append(item.moved((x, level * gap - 9 - height, rng.uniform(-40, 40))))
    return joined(parts)


def lamp(rng: Rng) -> Mesh:
    """A shade on a stem."""
    top, bottom, height = rng.uniform((40, 80, 120), (120, 180, 260))
    shade = tube(np.array(((0, -height, 0), (0, 0.0, 0))), np.array((top, bottom)), 24)
    bulb = solid((32, 45, 32)).moved((0, -height / 2, 0))
    return joined((shade, bulb, capsule((0, 0, 0), (0, 500, 0), 12), solid((90, 12, 90)).moved((0, 500, 0))))


def bottle(rng: Rng) -> Mesh:
    """Bottle, vase, cup: a solid of revolution."""
    heights = np.linspace(-1, 1, 12) * rng.uniform(60, 180)
    profile = rng.uniform(20, 90) * (1 + 0.5 * np.sin(np.linspace(0, rng.uniform(1, 6), 12) + rng.uniform(0, 6)))
    points = np.stack((0 * heights, heights, 0 * heights), 1)
    return tube(points, profile, 20)


def plant(rng: Rng) -> Mesh:
    """A pot and leaves in all directions."""
    leaves = []
    for _ in range(rng.integers(8, 30)):
        leaf = solid(rng.uniform((15, 50, 2), (50, 140, 6)), steps=8).moved((0, -120, 0))
        leaves.append(leaf.moved((0, 0, 0), random_rotation(rng)))
    return joined((*leaves, tube(np.array(((0, 80, 0), (0, 260.0, 0))), np.array((110, 80)), 16)))


def curtain(rng: Rng) -> Mesh:
    """A hanging cloth in folds: a coat, a towel, a curtain."""
    width, height, fold = rng.uniform((120, 250, 60), (500, 900, 200))
    x, y = np.meshgrid(np.linspace(-width, width, 48), np.linspace(-height, height, 24))
    lean = rng.uniform(-0.002, 0.002)
    z = rng.uniform(10, 50) * np.sin(2 * np.pi * (x / fold + lean * y) + rng.uniform(0, 6)) + 30 * np.sin(y / 170)
    return sheet(x, y, z)


def monitor(rng: Rng) -> Mesh:
    """A screen on a foot."""
    width, height = rng.uniform((150, 100), (350, 220))
    return joined((box((width, height, 15)), capsule((0, height, 0), (0, height + 120, 0), 25)))


def bag(rng: Rng) -> Mesh:
    """A rucksack or a cushion-like bag with a strap."""
    body = bumpy(solid(rng.uniform((110, 150, 70), (190, 260, 140)), 0.6, 0.6, 32), rng, 8, 70)
    return joined((body, ring((70, 70), 14).moved((0, -200, 0), random_rotation(rng))))


def hand(rng: Rng) -> Mesh:
    """An open or half-closed right or left hand on a forearm; fingers up, palm across the line of sight."""
    parts = [solid((42, 48, 15), 0.7, 0.8, 20), capsule((0, 45, 5), (rng.uniform(-60, 60), 330, 60), 30, 42)]
    curl, spread = rng.uniform(0, 1.6), rng.uniform(0, 0.25)
    for k in range(4):
        base = np.array(((k - 1.5) * 22.0, -46.0, 0.0))
        lean = (k - 1.5) * spread
        first = base + np.array((np.sin(lean), -np.cos(curl / 2), -np.sin(curl / 2))) * 42
        tip = first + np.array((np.sin(lean), -np.cos(curl * 1.5), -np.sin(curl * 1.5))) * 38
        parts += [capsule(base, first, 9.5), capsule(first, tip, 8.5)]
    parts.append(capsule((38, 20, 0), (72, -22, -18), 11))
    return joined(parts).scaled((1 if rng.random() < 0.5 else -1, 1, 1))


def fist(rng: Rng) -> Mesh:
    """A closed hand with knuckles on a forearm."""
    parts = [solid(rng.uniform((36, 34, 30), (48, 45, 40)), 0.7, 0.7, 24)]
    parts += [solid((11, 16, 12), steps=12).moved(((k - 1.5) * 20, -22 + abs(k - 1.5) * 4, -28)) for k in range(4)]
    parts += [capsule((40, 5, -25), (-8, 16, -40), 12), capsule((0, 30, 10), (rng.uniform(-80, 80), 330, 90), 30, 44)]
    return joined(parts).scaled((1 if rng.random() < 0.5 else -1, 1, 1))


def torso(rng: Rng) -> Mesh:
    """Shoulders and trunk about the joint of the neck."""
    wide, deep = rng.uniform((165, 85), (235, 130))
    slope, top = rng.uniform(0.6, 0.9), rng.uniform(75, 105)
    shoulders = solid((wide, 85, deep * 0.8), slope, 0.8, 28).moved((0, top + 60, 5))
    trunk = solid((wide * 0.86, 320, deep), 0.5, 0.6, 28).moved((0, top + 310, 5))
    arms = [
        capsule(
            (x * wide * 0.95, top + 55, 10),
            (x * wide * rng.uniform(0.95, 1.3), top + 370, rng.uniform(-80, 80)),
            48,
            38,
        )
        for x in (-1, 1)
    ]
    body = bumpy(joined((shoulders, trunk)), rng, rng.uniform(1, 7), rng.uniform(50, 120))
    return joined((body, *arms))


def limb(rng: Rng) -> Mesh:
    """A bare arm or leg, bent."""
    joint = rng.uniform((-80, 180, -80), (80, 320, 80))
    upper = capsule((0, 0, 0), joint, rng.uniform(35, 75), rng.uniform(30, 55))
    return joined((upper, capsule(joint, joint + rng.uniform((-200, 100, -150), (200, 300, 150)), 40, 30)))


SMALL: tuple[Callable[[Rng], Mesh], ...] = (ball, blob, carton, bottle, mannequin)
TURNED: tuple[Callable[[Rng], Mesh], ...] = (ball, blob, carton, pillow, hand, fist, limb, bag, bottle)
UPRIGHT: tuple[Callable[[Rng], Mesh], ...] = (mannequin, chair, table, shelf, lamp, plant, curtain, monitor, hand, fist)
