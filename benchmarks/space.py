"""How fast the inspector's view in space is: `python -m benchmarks.space [--points 100000]`. No graphics card is asked.

Processor time of one thread and wall time per picture, medians of 25, of a curved surface that turns, at the sizes that
the view has in windows of 1280×800 and 2560×1440. Wall time on a busy machine says more about the others.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from depthface_app.core.space import Orbit, Sheet, draw_meshes, draw_points
from depthface_app.ui.inspector.space import MOST_PIXELS

SIZES = ((740, 670), (1750, 1290))
PICTURES = 25
GROUND = 0xFF1A1D22


def sheets(points: int) -> tuple[Sheet, ...]:
    """Two curved surfaces of so many points together."""
    side = round((points / 2) ** 0.5)
    places = np.linspace(-90, 90, side, dtype=np.float32)
    x, y = np.meshgrid(places, places)
    colours = np.random.default_rng(0).integers(0xFF000000, 0xFFFFFFFF, (side, side)).astype(np.uint32)
    return tuple(Sheet(np.stack((x, y, (x * x + y * y) / 150 + shift), -1), colours) for shift in (0.0, 1.0))


def cost(draw: Callable[[Orbit], object]) -> dict[str, float]:
    """Milliseconds per picture."""
    thread_ms, wall_ms = [], []
    for number in range(PICTURES):
        thread_s, wall_s = time.thread_time(), time.perf_counter()
        draw(Orbit(yaw_deg=-40 + 3 * number, pitch_deg=10))
        thread_ms.append((time.thread_time() - thread_s) * 1000)
        wall_ms.append((time.perf_counter() - wall_s) * 1000)
    return {"thread_ms": round(statistics.median(thread_ms), 1), "wall_ms": round(statistics.median(wall_ms), 1)}


def main() -> None:
    """Measure and say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=100_000)
    shown = sheets(parser.parse_args().points)
    found = {"points": sum(each.colours.size for each in shown), "load": os.getloadavg()}
    for width, height in SIZES:
        density = min(1.0, (MOST_PIXELS / (width * height)) ** 0.5)
        size = round(width * density), round(height * density)
        found[f"{width}x{height}"] = {
            "points": cost(lambda orbit, size=size: draw_points(shown, orbit, *size, 2, GROUND)),
            "mesh": cost(lambda orbit, size=size: draw_meshes(shown, orbit, *size, GROUND)),
        }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
