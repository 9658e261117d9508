"""Every view of the inspector, with the shipped networks, as pictures to look at.

python -m tests.ui.inspector_states FOLDER [--source SOURCE] [--theme dark|light] [--size 1280x800] [STATE ...]
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEventLoop, QPointF, QSettings
from PySide6.QtWidgets import QApplication

from depthface_app.build import build_engine, model_file, open_denoiser, open_finest_denoiser, open_recogniser
from depthface_app.core.space import Orbit
from depthface_app.gallery.store import GalleryStore
from depthface_app.pipeline.comparison import DENOISED, FUSED, RAW, TRUTH
from depthface_app.pipeline.maps import CURVATURE, DEPTH, DIFFERENCE, NOISE, NORMALS, RELIEF
from depthface_app.pipeline.settings import Settings
from depthface_app.ui.app import build_main_window, make_application
from depthface_app.ui.commands import Parts
from depthface_app.ui.inspector.inspector import Openers
from depthface_app.ui.inspector.view import Choice
from depthface_app.ui.inspector.viewport import Viewport

SIMULATED = "simulated:?sensor=d435&people=1"
FIGURES = 8  # frames measured before a picture is taken
LIMIT_S = 180.0


class Bench:
    """The whole program on one source, in the inspector."""

    def __init__(self, folder: Path, source: str, size: tuple[int, int]) -> None:
        self.folder, store = folder, GalleryStore(folder / "gallery.sqlite3")
        settings = replace(Settings(), source=source)
        parts = Parts(
            make_engine=lambda chosen, wake: build_engine(chosen, store, wake),
            store=store,
            settings=settings,
            save=lambda before, after: None,
            find_cameras=lambda _: (),
            denoisers=(("live", None),),
            data_dir=folder,
            openers=Openers(open_denoiser, open_finest_denoiser, open_recogniser),
        )
        self.window, _, self.presenter, self.commands = build_main_window(parts)
        self.workspace, self.controls = self.window.workspace, self.window.workspace.controls
        self.window.resize(*size)
        self.window.show()
        self.commands.start()
        self.wait(lambda: self.presenter.face is not None)
        self.window.ways["inspect"].trigger()

    def wait(self, condition: Callable[[], bool]) -> None:
        until_s = time.monotonic() + LIMIT_S
        while not condition():
            if time.monotonic() > until_s:
                raise TimeoutError("the inspector did not reach its state")
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)

    def compare(self, first: str, second: str) -> None:
        self.controls.offer(self.workspace.labels, (first, second))
        self.controls.changed.emit()

    def show(self, *choices: Choice) -> None:
        for view, choice in zip(self.workspace.views, choices, strict=True):
            view.choose(choice)
        self.workspace.views[0].chosen.emit()

    def measured(self, frames: int = FIGURES) -> None:
        self.wait(lambda: self.workspace.seen is not None and self.workspace.seen.wanted == self.workspace.wanted)
        self.wait(lambda: self.workspace.measured is not None and self.workspace.measured.frames >= frames)
        self.workspace.probe_at(QPointF(0.5, 0.52))
        self.workspace.refresh()

    def another(self) -> str:
        """Drop a model."""
        path = self.folder / "candidate.onnx"
        shutil.copy(model_file("denoiser", None), path)
        self.commands.inspector.open_file(path)
        self.wait(lambda: self.controls.pair[1] == str(path))
        return str(path)

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()


def _four(bench: Bench) -> None:
    bench.measured()


def _maps(bench: Bench) -> None:
    bench.show((RAW, NORMALS), (DENOISED, NORMALS), (RAW, DEPTH), (DENOISED, NOISE))
    bench.measured()


def _filters(bench: Bench) -> None:
    bench.compare("realsense", DENOISED)
    bench.show(("tv", RELIEF), ("nlm", RELIEF), ("realsense", RELIEF), ("temporal", RELIEF))
    bench.measured()


def _truth(bench: Bench) -> None:
    bench.compare(TRUTH, DENOISED)
    bench.show((TRUTH, RELIEF), (DENOISED, RELIEF), (DENOISED, DIFFERENCE), (RAW, DIFFERENCE))
    bench.measured()


def _model(bench: Bench) -> None:
    bench.another()
    bench.measured()


def _zoomed(bench: Bench) -> None:
    bench.workspace.look_at(Viewport(4.0, 0.5, 0.45))
    bench.measured()


def _wipe(bench: Bench) -> None:
    bench.controls.modes["wipe"].click()
    bench.measured()


def _blink(bench: Bench) -> None:
    bench.controls.modes["blink"].click()
    bench.measured()


def _space(bench: Bench) -> None:
    bench.controls.modes["space"].click()
    bench.measured()
    canvas = bench.workspace.solid.canvas
    canvas.look_from(Orbit(yaw_deg=35.0, pitch_deg=8.0, distance_mm=380.0))
    for part in (0.42, 0.58):
        canvas._mark_at(QPointF(canvas.width() * part, canvas.height() * 0.5))


def _points(bench: Bench) -> None:
    bench.controls.modes["space"].click()
    solid = bench.workspace.solid
    solid.style_box.setCurrentIndex(solid.style_box.findData("points"))
    solid.how.setCurrentIndex(solid.how.findData(DIFFERENCE))
    solid.chosen.emit()
    bench.measured()


def _finest(bench: Bench) -> None:
    bench.workspace.look_at(Viewport(5.0, 0.5, 0.55))
    bench.show((RAW, RELIEF), (DENOISED, RELIEF), (DENOISED, CURVATURE), (DENOISED, DEPTH))
    bench.controls.finest.click()
    bench.wait(lambda: bench.workspace.seen is not None and bench.workspace.seen.wanted.finest)
    bench.wait(lambda: bench.workspace.seen.maps[1] is not None and bench.workspace.seen.maps[1].shape[0] == 512)
    bench.measured(2)


def _kept(bench: Bench) -> None:
    bench.measured(3)
    file = bench.folder / "somebody.dfview"
    bench.commands.inspector.keep(file)
    bench.wait(file.exists)
    bench.commands.inspector.open_file(file)
    bench.wait(lambda: bench.workspace.seen is not None and not bench.workspace.seen.moment.frame.is_live)
    bench.measured(1)


def _fused(bench: Bench) -> None:
    bench.compare(FUSED, DENOISED)
    bench.show((FUSED, RELIEF), (DENOISED, RELIEF), (DENOISED, DIFFERENCE), (FUSED, CURVATURE))
    bench.measured(1)


STATES: dict[str, Callable[[Bench], None]] = {
    "four": _four,
    "maps": _maps,
    "filters": _filters,
    "truth": _truth,
    "model": _model,
    "zoomed": _zoomed,
    "wipe": _wipe,
    "blink": _blink,
    "space": _space,
    "points": _points,
    "finest": _finest,
    "kept": _kept,
    "fused": _fused,
}


def picture(name: str, path: Path, source: str, size: tuple[int, int]) -> None:
    """Bring the inspector into a state and save what it looks like."""
    QSettings("DepthFace", "DepthFace").clear()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), source, size)
        try:
            STATES[name](bench)
            QApplication.processEvents()
            bench.window.grab().save(str(path))
        finally:
            bench.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("states", nargs="*", default=list(STATES))
    parser.add_argument("--source", default=SIMULATED)
    parser.add_argument("--theme", default="dark", choices=("dark", "light"))
    parser.add_argument("--size", default="1280x800")
    chosen = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    make_application(chosen.theme)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(chosen.folder))  # not the person's own
    chosen.folder.mkdir(parents=True, exist_ok=True)
    width, height = (int(part) for part in chosen.size.split("x"))
    kind = chosen.source.partition(":")[0]
    for name in chosen.states:
        picture(name, chosen.folder / f"{name}-{kind}-{chosen.theme}-{chosen.size}.png", chosen.source, (width, height))


if __name__ == "__main__":
    main()
