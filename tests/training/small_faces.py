"""A face model file in miniature: an egg with a nose, five modes, eight expressions, the fields of the real one."""

from pathlib import Path

import numpy as np

SIDE = 41


def write_ict(folder: Path) -> Path:
    """Write it under the name training looks for; returns the folder."""
    across, down = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(1, -1, SIDE))
    depth = np.sqrt(np.clip(1 - 0.9 * across**2 - 0.8 * down**2, 0.02, None))
    nose = np.exp(-((across / 0.16) ** 2) - ((down + 0.03) / 0.25) ** 2)
    points = np.stack((75 * across, 105 * down, 85 * depth + 24 * nose), -1).reshape(-1, 3)
    index = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    triangles = np.concatenate((np.stack((a, b, c), -1).reshape(-1, 3), np.stack((a, c, d), -1).reshape(-1, 3)))
    rng = np.random.default_rng(0)
    waves = rng.normal(0, 1, (13, 2))
    fields = np.stack([np.cos(3 * (u * across + v * down)).ravel() for u, v in waves])
    modes = fields[:, :, None] * rng.normal(0, 1.5, (13, 1, 3))
    np.savez(
        folder / "ict_face_model.npz",
        mean=points.astype(np.float32),
        id_basis=modes[:5].astype(np.float16),
        ex_basis=modes[5:].astype(np.float16),
        ex_names=np.array([f"expression{k}" for k in range(8)]),
        triangles=triangles.astype(np.uint16),
        tri_part=np.zeros(len(triangles), np.uint8),
        part_names=np.array(["face", "gums_tongue", "teeth"]),
        landmarks68=np.zeros(68, np.int32),
        nose_tip=np.int32(points[:, 2].argmax()),
    )
    return folder
