"""Age and rate of the inspector's pictures: whole window off-screen, two denoisers, four linked views, live figures.

    .venv/bin/python -m benchmarks.inspector [--seconds 20] [--threads N] [--output FILE.json]

The camera plays simulated frames that were made before, at 30 per second, so that making them costs nothing here. Age
is counted from when a frame was captured to when all four views of it were painted. Beside stand the processor time of
each thread per picture, and for how long the machine held up a process that wanted little: on a busy machine ages say
more about the others than about this program.
"""

import argparse
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QSettings, QTimer

from benchmarks.watched import Control, rounded
from depthface_app.build import build_models, model_file, open_denoiser, open_finest_denoiser, open_recogniser
from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.frame import Frame
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import GalleryStore
from depthface_app.pipeline.engine import Engine
from depthface_app.pipeline.settings import Settings
from depthface_app.ui.app import build_main_window, make_application
from depthface_app.ui.commands import Parts
from depthface_app.ui.inspector.inspector import Openers
from tests.fakes import FakeCamera

FRAMES = 90
WARM_UP_S = 5.0
LIMIT_S = 120.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def frames() -> list[Frame]:
    """Simulated frames of one person at 640×480, with the truth, made before the clock starts."""
    camera = SimulatedCamera.from_address({"sensor": "d435", "people": "1", "realtime": "0"})
    camera.open()
    camera.start(StreamRequest(640, 480))
    made = [camera.frame(number) for number in range(FRAMES)]
    camera.close()
    return made


def parts(folder: Path, threads: int | None) -> Parts:
    """A whole program on those frames."""
    settings = replace(Settings(), threads=threads)
    models, played = build_models(settings), frames()
    gallery = Gallery.empty(models.recogniser.card.identity)
    camera = FakeCamera(lambda number: replace(played[number % FRAMES], number=number), fps=30)
    return Parts(
        make_engine=lambda _, wake: Engine(camera.again, models, gallery, wake=wake),
        store=GalleryStore(folder / "gallery.sqlite3"),
        settings=settings,
        save=lambda before, after: None,
        find_cameras=lambda _: (),
        denoisers=(("live", None),),
        data_dir=folder,
        openers=Openers(open_denoiser, open_finest_denoiser, open_recogniser),
    )


def thread_times_s() -> dict[str, float]:
    """Processor seconds so far by Python's name of each thread; all threads that Python does not know together."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    spent: dict[str, float] = {}
    for task in os.listdir("/proc/self/task"):
        fields = Path(f"/proc/self/task/{task}/stat").read_text().rpartition(")")[2].split()
        name = names.get(int(task), "runtimes")
        spent[name] = spent.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return spent


def measure(folder: Path, seconds: float, threads: int | None) -> dict[str, Any]:
    """Run the window and look at every picture it paints."""
    application = make_application("dark")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))  # not the person's own
    window, bridge, presenter, commands = build_main_window(parts(folder, threads))
    workspace = window.workspace
    painted: list[tuple[float, float]] = []

    def note() -> None:
        if workspace.seen is not None:
            now_s = time.monotonic()
            painted.append((now_s, (now_s - workspace.seen.moment.frame.captured_s) * 1000))

    def wait(condition: Callable[[], bool]) -> None:
        until_s = time.monotonic() + LIMIT_S
        while not condition():
            if time.monotonic() > until_s:
                raise TimeoutError(f"waited {LIMIT_S:.0f} s in vain; {presenter.situation}")
            application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    timer = QTimer(window, interval=50)  # so that waiting ends
    timer.start()
    workspace.painted.connect(note)
    window.resize(1280, 800)
    window.show()
    commands.start()
    wait(lambda: presenter.result is not None)
    other = folder / "other.onnx"
    shutil.copy(model_file("denoiser", None), other)
    commands.inspector.open_file(other)
    wait(lambda: workspace.seen is not None and str(other) in workspace.seen.faces)
    begun_s = time.monotonic() + WARM_UP_S
    wait(lambda: time.monotonic() > begun_s)
    before, control = thread_times_s(), Control()
    painted.clear()
    begun_s = time.monotonic()
    wait(lambda: time.monotonic() > begun_s + seconds)
    after, gaps_s = thread_times_s(), control.gaps_s()
    stages_ms = bridge.engine.health().stages_ms if bridge.engine else {}
    window.close()
    ages_ms = sorted(age for _, age in painted)
    return {
        "pictures_per_s": round(len(painted) / seconds, 1),
        "age_ms": {
            "median": round(statistics.median(ages_ms), 1),
            "p95": round(ages_ms[int(0.95 * (len(ages_ms) - 1))], 1),
            "max": round(ages_ms[-1], 1),
        },
        "older_than_50_ms": round(sum(age > 50 for age in ages_ms) / len(ages_ms), 3),
        "stages_ms": {name: round(value, 1) for name, value in stages_ms.items()},
        "thread_ms_per_picture": {
            name: round((spent - before.get(name, 0.0)) / len(painted) * 1000, 1)
            for name, spent in sorted(after.items(), key=lambda each: -each[1])
            if spent - before.get(name, 0.0) > 0.001 * len(painted)
        },
        "another_process_held_up_s": gaps_s,
        "load": [rounded(each) for each in os.getloadavg()],
        "threads": threads,
    }


def main() -> None:
    """Measure and say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--threads", type=int, help="of every network; without it as the program chooses")
    parser.add_argument("--output", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), chosen.seconds, chosen.threads)
    text = json.dumps(found, indent=1)
    print(text)
    if chosen.output:
        chosen.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
