"""Every state of the window, reached through the whole program, as pictures to look at.

python -m tests.ui.states FOLDER [--theme dark|light] [--size 1280x800] [--density 1.5] [STATE ...]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QPointF
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog

from depthface_app.cameras.base import CameraInfo, DepthCamera
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.session import Mark, SessionWriter
from depthface_app.core.errors import ModelError
from depthface_app.gallery.store import GalleryStore, Template
from depthface_app.pipeline.engine import Engine, Wake
from depthface_app.pipeline.faults import Fault, FaultSource
from depthface_app.pipeline.feed import FeedState, Supervision
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import FaceDenoiser, Models
from depthface_app.ui.app import build_main_window, make_application
from depthface_app.ui.commands import Parts
from depthface_app.ui.inspector.inspector import Openers
from depthface_app.ui.window import MainWindow
from tests.fake_models import FakeDenoiser
from tests.fakes import FakeCamera
from tests.ui.values import LEFT, NEAR, PINHOLE, RIGHT, Actor, Scene, axis

PEOPLE = {"Ada Lovelace": axis(0), "Grace Hopper": axis(1), "Alan Turing": axis(2), "Emmy Noether": axis(3)}
QUICK = Supervision(stall_after_s=0.3, pauses_s=(0.2, 0.2))
LIMIT_S = 30.0


class Desk:
    """A whole program on one scene: window, engine, gallery in a folder, and a camera that fails on request."""

    def __init__(
        self,
        folder: Path,
        scene: Scene,
        people: dict | None = None,
        settings: Settings | None = None,
        store: GalleryStore | None = None,
    ) -> None:
        self.scene, self.camera = scene, FakeCamera(scene.frame, fps=15)
        self.recording: Path | None = None  # played in place of the camera
        self.faults: tuple[Fault, ...] = ()
        self.models: Models | None = scene.models()
        self.saved: list[Settings] = []
        self.store = store or GalleryStore(folder / "gallery.sqlite3")
        for name, vector in (PEOPLE if people is None else people).items():
            self.store.add(name, [Template(vector, "fake-recogniser", "1", 0.9, "values")])
        self.parts = Parts(
            make_engine=self.make_engine,
            store=self.store,
            settings=settings or Settings(),
            save=lambda _, after: self.saved.append(after),
            find_cameras=lambda _: (),
            denoisers=(("live", None), ("paper", "dmdnet-paper")),
            data_dir=folder,
            openers=Openers(self.opened, self.opened, lambda _: scene.models().recogniser),
        )
        self.window, self.bridge, self.presenter, self.commands = build_main_window(self.parts)

    def make_engine(self, settings: Settings, wake: Wake) -> Engine:
        card = self.models.recogniser.card if self.models else None
        gallery = self.store.snapshot(card.name, card.version) if card else None
        return Engine(self._plug, self.models, gallery, wake=wake, supervision=QUICK, standing=self.faults)

    def opened(self, settings: Settings) -> FaceDenoiser:
        """A denoiser for the inspector alone; a file must be there."""
        if settings.denoiser and not Path(settings.denoiser).is_file():
            raise ModelError(f"The denoiser model {settings.denoiser} is not there; give another file.")
        return FakeDenoiser()

    def _plug(self) -> DepthCamera:
        if self.recording is not None:
            played = RecordingCamera(self.recording)
            played.holds = True
            return played
        self.camera = self.camera.again()
        return self.camera

    def unplug(self) -> None:
        """Take the camera away for good."""
        self.camera.fails_to_open = "The fake camera is not plugged in; plug it in and press “Try again”."
        self.camera.vanish()

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()


Wait = Callable[[Callable[[], bool]], None]
ADA = Actor(NEAR, axis(0, 0.7))
SEVERAL = (ADA, Actor(LEFT, axis(1, 0.6)), Actor(RIGHT, axis(5)))


def one(folder: Path) -> Desk:
    return Desk(folder, Scene(ADA))


def several(folder: Path) -> Desk:
    return Desk(folder, Scene(replace_nose(ADA, (-10.0, 10.0, 560.0)), *SEVERAL[1:]))


def unknown(folder: Path) -> Desk:
    return Desk(folder, Scene(Actor(NEAR, axis(5, 1.0))))


def nobody(folder: Path) -> Desk:
    return Desk(folder, Scene())


def replace_nose(actor: Actor, nose_mm: tuple[float, float, float]) -> Actor:
    return Actor(nose_mm, actor.vector)


def shows_results(desk: Desk) -> bool:
    return desk.presenter.result is not None and desk.presenter.frames_shown > 25


def _streaming(desk: Desk, wait: Wait) -> None:
    desk.window.panes.probe(QPointF(0.42, 0.55))
    wait(lambda: shows_results(desk))


def _enrolling(desk: Desk, wait: Wait) -> None:
    wait(lambda: shows_results(desk))
    desk.window.ways["enrol"].trigger()
    desk.window.enrolment.name.setText("Katherine Johnson")
    desk.window.enrolment.begin.click()
    enroller = desk.commands.enroller
    wait(lambda: enroller.enrolment is not None and "front" in enroller.enrolment.done_poses)
    desk.scene.actors[0].yaw_deg = 20.0
    wait(lambda: enroller.enrolment is not None and len(enroller.enrolment.captures[1]) >= 3)
    desk.scene.actors[0].yaw_deg = 4.0
    wait(lambda: enroller.enrolment is not None and enroller.enrolment.reason != "")


def _asking_name(desk: Desk, wait: Wait) -> None:
    wait(lambda: shows_results(desk))
    desk.window.ways["enrol"].trigger()


def _correcting(desk: Desk, wait: Wait) -> None:
    wait(lambda: shows_results(desk))
    desk.window.ways["tell_name"].trigger()


def _stalled(desk: Desk, wait: Wait) -> None:
    wait(lambda: shows_results(desk))
    desk.camera.stall()
    wait(lambda: desk.window.stage.banner.message is not None)


def _dark(desk: Desk, wait: Wait) -> None:
    """A hand before the lenses."""
    wait(lambda: shows_results(desk))
    desk.camera.make_frame = lambda number: replace(
        desk.scene.frame(number), depth_mm=np.zeros((PINHOLE.height, PINHOLE.width), np.uint16)
    )
    wait(lambda: desk.window.stage.banner.message is not None)
    wait(lambda: desk.presenter.result is not None and not desk.presenter.result.faces)
    desk.presenter.refresh()


def _frozen(desk: Desk, wait: Wait) -> None:
    wait(lambda: shows_results(desk))
    last = desk.scene.frame(0)
    desk.camera.make_frame = lambda number: last.at(time.monotonic())
    wait(lambda: desk.window.stage.banner.message is not None)


def _lost(desk: Desk, wait: Wait) -> None:
    wait(lambda: shows_results(desk))
    desk.unplug()
    wait(lambda: desk.presenter.situation.state is FeedState.FAILED)
    desk.presenter.refresh()


def _recovering(desk: Desk, wait: Wait) -> None:
    wait(lambda: shows_results(desk))
    desk.unplug()
    wait(lambda: desk.window.stage.banner.message is not None)


def _recording(desk: Desk, wait: Wait) -> None:
    wait(lambda: shows_results(desk))
    desk.window.ways["record"].trigger()
    wait(lambda: "0:01" in desk.window.bar.lamp.word)


def _no_camera(desk: Desk, wait: Wait) -> None:
    wait(lambda: desk.presenter.situation.state is FeedState.FAILED)
    desk.presenter.refresh()


def played(folder: Path, frames: int = 90) -> Desk:
    """A recording of Ada with three marks."""
    desk = one(folder)
    desk.recording = folder / "visit.mcap"
    writer = SessionWriter(desk.recording, CameraInfo("values:", "Values"))
    for number in range(frames):
        writer.add(desk.scene.frame(number).at(100 + number / 30))
    for mark in (Mark("comes in", 10), Mark("looks up", 40), Mark("a good visit")):
        writer.add_mark(mark)
    writer.finish()
    return desk


def _playing(desk: Desk, wait: Wait) -> None:
    desk.window.panes.probe(QPointF(0.42, 0.55))
    wait(lambda: desk.presenter.result is not None)
    desk.window.ways["pause"].trigger()
    playback = desk.commands.player.playback
    assert playback is not None
    playback.seek(57)
    wait(lambda: desk.window.playback.timeline.value() == 57 and desk.presenter.result is not None)


def _marking(desk: Desk, wait: Wait) -> None:
    _playing(desk, wait)
    desk.window.ways["mark"].trigger()


def no_camera(folder: Path) -> Desk:
    desk = nobody(folder)
    desk.camera.fails_to_open = "No RealSense camera is plugged in; connect one to a USB 3 port."
    return desk


def no_model(folder: Path) -> Desk:
    desk = one(folder)
    desk.models = None
    message = "The file assets/models/locator.onnx is missing; install the program again or choose another model."
    desk.faults = (Fault(FaultSource.MODEL, message),)
    return desk


def _only_pictures(desk: Desk, wait: Wait) -> None:
    wait(lambda: desk.presenter.frames_shown > 10)


def _stopped(desk: Desk, wait: Wait) -> None:
    wait(lambda: shows_results(desk))
    desk.window.ways["stream"].trigger()
    wait(lambda: desk.bridge.engine is None)


def _settings(desk: Desk, wait: Wait) -> None:
    _streaming(desk, wait)
    desk.window.ways["settings"].trigger()


def _enlarged(desk: Desk, wait: Wait) -> None:
    _streaming(desk, wait)
    desk.window.ways["pane_4"].trigger()


def _inspecting(desk: Desk, wait: Wait) -> None:
    desk.window.ways["inspect"].trigger()
    desk.window.workspace.probe_at(QPointF(0.42, 0.55))
    wait(lambda: desk.window.workspace.measured is not None and desk.window.workspace.measured.frames > 3)
    desk.window.workspace.refresh()


def _wiping(desk: Desk, wait: Wait) -> None:
    _inspecting(desk, wait)
    desk.window.workspace.controls.modes["wipe"].click()
    wait(lambda: desk.window.workspace.duel.canvas.other is not None)


def _inspecting_nobody(desk: Desk, wait: Wait) -> None:
    desk.window.ways["inspect"].trigger()
    wait(lambda: desk.window.workspace.views[0].canvas.message == "No face")


STATES: dict[str, tuple[Callable[[Path], Desk], Callable[[Desk, Wait], None]]] = {
    "one": (one, _streaming),
    "several": (several, _streaming),
    "unknown": (unknown, _streaming),
    "no-face": (nobody, _streaming),
    "empty-gallery": (lambda folder: Desk(folder, Scene(ADA), {}), _streaming),
    "asking-name": (one, _asking_name),
    "correcting": (unknown, _correcting),
    "enrolling": (one, _enrolling),
    "stalled": (one, _stalled),
    "dark": (one, _dark),
    "frozen": (one, _frozen),
    "recovering": (one, _recovering),
    "lost": (one, _lost),
    "recording": (one, _recording),
    "playing": (played, _playing),
    "marking": (played, _marking),
    "no-camera": (no_camera, _no_camera),
    "no-model": (no_model, _only_pictures),
    "stopped": (one, _stopped),
    "settings": (one, _settings),
    "enlarged": (one, _enlarged),
    "inspecting": (one, _inspecting),
    "wiping": (one, _wiping),
    "inspecting-nobody": (nobody, _inspecting_nobody),
}


def picture(name: str, path: Path, size: tuple[int, int]) -> None:
    """Bring the window into a state and save what it looks like."""
    make, reach = STATES[name]
    with tempfile.TemporaryDirectory() as folder:
        desk = make(Path(folder))
        desk.window.resize(*size)
        desk.window.show()
        desk.commands.start()
        reach(desk, _wait)
        _settle(0.3)
        _grab(desk.window).save(str(path))
        desk.close()
        _settle(0.0)


def _grab(window: MainWindow) -> QPixmap:
    """The window, and a dialog over it if one is open."""
    pixmap = window.grab()
    dialog = window.findChild(QDialog)
    if dialog is not None and dialog.isVisible():
        painter = QPainter(pixmap)
        painter.drawPixmap((window.rect().center() - dialog.rect().center()), dialog.grab())
        painter.end()
    return pixmap


def _wait(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError("the window did not reach its state")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


def _settle(seconds: float) -> None:
    deadline_s = time.monotonic() + seconds
    QApplication.processEvents()
    while time.monotonic() < deadline_s:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("states", nargs="*", default=list(STATES))
    parser.add_argument("--theme", default="dark", choices=("dark", "light"))
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--density", default="1")
    chosen = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QT_SCALE_FACTOR"] = chosen.density
    make_application(chosen.theme)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    width, height = (int(part) for part in chosen.size.split("x"))
    for name in chosen.states:
        density = "" if chosen.density == "1" else f"@{chosen.density}"
        path = chosen.folder / f"{name}-{chosen.theme}-{chosen.size}{density}.png"
        picture(name, path, (width, height))
        print(path)


if __name__ == "__main__":
    main()
