"""The fused reference's own error to the truth: `python -m benchmarks.fused [--people 4] [--output FILE.json]`.

Simulated people hold still before simulated sensors, as people do: the nose sways by a millimetre or two and the head
by half a degree, and the locator misses the tip by 1.5 mm per axis. Beside the fused surface stand one raw frame, the
mean of the last eight, and the live denoiser on one frame, all judged in the same pixels. Needs Open3D (extra `scan`).
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from depthface_app.build import open_denoiser
from depthface_app.cameras.simulation.motion import Place, Stance, places
from depthface_app.cameras.simulation.people import People, shipped_people
from depthface_app.cameras.simulation.scene import Scene
from depthface_app.core.crop import crop_face
from depthface_app.core.face import FaceCrop, HeadPose
from depthface_app.core.frame import Frame
from depthface_app.core.metrics.judged import against, near_nose
from depthface_app.core.sensors import SENSORS
from depthface_app.pipeline.fusion import Fusion
from depthface_app.pipeline.methods import Method, fixed_methods, on_crop
from depthface_app.pipeline.settings import Settings

SWAY_MM, SWAY_DEG = 1.5, 0.5
LOCATOR_MM = 1.5
AFTER = (1, 4, 16, 48)
FIGURES = ("rmse_mm", "normal_angle_deg")


def stance(person: int, place: Place, people: People, time_s: float) -> Stance:
    """Somebody who tries to hold still."""
    turn = 2 * np.pi * time_s * np.array((0.31, 0.23, 0.17)) + (0, 1, 2)
    pose = HeadPose(4 + SWAY_DEG * float(np.sin(turn[1])), 2 + SWAY_DEG * float(np.cos(turn[2])), 0.0)
    return Stance(person, place.nose_mm() + SWAY_MM * np.sin(turn), pose, np.zeros(len(people.expressions), np.float32))


def looks(sensor_name: str, person: int, count: int) -> Iterator[tuple[Frame, FaceCrop]]:
    """Frames at 10 per second, as the inspector has time for, with the crop that a locator would have cut."""
    people, sensor, rng = shipped_people(), SENSORS[sensor_name], np.random.default_rng((person, 7))
    scene, place = Scene(sensor, people, person), places(sensor, 1, rng)[0]
    for number in range(count):
        who = stance(person, place, people, number / 10)
        sight = scene.look((who,), number)
        frame = Frame(sight.depth_mm, scene.intrinsics, number / 10, number, truth_mm=sight.truth_mm)
        x, y, z = who.head_nose_mm() + rng.normal(0, LOCATOR_MM, 3)
        yield frame, crop_face(frame.depth_float(), frame.intrinsics, (float(x), float(y), float(z)))


def judged(sensor_name: str, person: int, count: int, denoiser: Method) -> Iterator[tuple[str, dict[str, float]]]:
    """(what, figures) of one person, the fused surface as often as AFTER says."""
    fusion, mean = Fusion(), fixed_methods()["temporal"]
    for number, (frame, crop) in enumerate(looks(sensor_name, person, count), start=1):
        face, average = fusion.add(crop).face(crop), mean.denoise(crop)
        if number not in AFTER:
            continue
        truth = on_crop(frame.truth_mm, frame, crop)
        found = {f"fused {number}": face, "raw": None, "mean of 8": average, "denoised": denoiser.denoise(crop)}
        surfaces = {name: crop.depth_mm if each is None else each.depth_mm for name, each in found.items()}
        known = ~np.isnan(crop.depth_mm + np.sum(list(surfaces.values()), axis=0))
        there = known & near_nose(truth, crop.intrinsics, crop.nose_mm)
        for name, depth in surfaces.items():
            if number == AFTER[-1] or name.startswith("fused"):
                yield name, against(depth, truth, there, crop.intrinsics, crop.nose_mm[2])


def main() -> None:
    """Measure and say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--output", type=Path)
    chosen = parser.parse_args()
    denoiser, rows = open_denoiser(Settings(threads=1)), {}
    for sensor in tqdm(SENSORS):
        every: dict[str, list[dict[str, float]]] = {}
        for person in range(chosen.people):
            for name, figures in judged(sensor, person, AFTER[-1], denoiser):
                every.setdefault(name, []).append(figures)
        rows[sensor] = {
            name: {figure: round(float(np.mean([each[figure] for each in several])), 2) for figure in FIGURES}
            for name, several in every.items()
        }
    text = json.dumps({"people": chosen.people, "data": "simulated", "sensors": rows}, indent=1)
    print(text)
    if chosen.output:
        chosen.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
