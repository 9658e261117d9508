"""What happens on each action of the table: the person's side of the window."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog

from depthface_app.cameras.base import BackendReport
from depthface_app.cameras.recorder import RecordingProgress
from depthface_app.core.errors import InputError
from depthface_app.gallery.store import GalleryStore
from depthface_app.pipeline.engine import Engine, Wake
from depthface_app.pipeline.settings import Settings
from depthface_app.ui import theme
from depthface_app.ui.actions import connect_actions
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.corrector import Corrector
from depthface_app.ui.dialogs import SettingsDialog, ShortcutsDialog
from depthface_app.ui.enroller import Enroller
from depthface_app.ui.icons import icon
from depthface_app.ui.inspector.inspector import Inspector, Openers
from depthface_app.ui.jobs import Jobs
from depthface_app.ui.player import Player
from depthface_app.ui.presenter import Presenter
from depthface_app.ui.saying import disk_note
from depthface_app.ui.snapshot import save_snapshot
from depthface_app.ui.window import MainWindow

SIMULATED = "simulated:"
RECORDING_SUFFIX = ".mcap"
RESTARTED_BY = ("source", "locator", "denoiser", "recogniser", "provider", "threads", "dds", "dds_domain", "realsense")
RESCAN_AFTER_MS = 3000  # looking for cameras starts processes, and the first picture comes first


@dataclass(frozen=True, slots=True)
class Parts:
    """What the window is given to work with.

    make_engine:  a new engine on `settings.source`, not started; takes a while, called in a job
    save:         keeps what changed from the first settings to the second; called in a job, raises DepthFaceError
    find_cameras: what is plugged in; takes a while, called in a job
    denoisers:    (label, value of `Settings.denoiser`) of every model to choose from
    data_dir:     where recordings and snapshots go
    openers:      networks for the inspector alone; called in jobs
    reembed:      makes templates for the recogniser of these settings from kept frames; called in a job
    """

    make_engine: Callable[[Settings, Wake], Engine]
    store: GalleryStore
    settings: Settings
    save: Callable[[Settings, Settings], None]
    find_cameras: Callable[[Settings], tuple[BackendReport, ...]]
    denoisers: tuple[tuple[str, str | None], ...]
    data_dir: Path
    openers: Openers
    reembed: Callable[[Settings], int] = lambda _: 0


class Commands(QObject):
    """One method `on_NAME` per action. Lives on the GUI thread; anything that takes a while is a job."""

    def __init__(self, window: MainWindow, bridge: Bridge, presenter: Presenter, parts: Parts) -> None:
        super().__init__(window)
        self._window, self._bridge, self._presenter, self._parts = window, bridge, presenter, parts
        self.settings = parts.settings
        self._say = window.stage.toast.say_text
        self._jobs = Jobs(self)
        self._sources: tuple[tuple[str, object], ...] = ((self.tr("Simulated camera"), SIMULATED),)
        self.enroller = Enroller(
            window,
            bridge,
            parts.store,
            self._say,
            reembed=lambda: self._parts.reembed(self.settings),
            keeps_frames=lambda: self.settings.keep_frames,
        )
        self.corrector = Corrector(window, bridge, presenter, parts.store, self.enroller.change, self._say)
        self.player = Player(window, bridge, presenter, self._say)
        self.inspector = Inspector(window, bridge, presenter, parts.openers, lambda: self.settings, self._say)
        connect_actions(window.ways, self, self.player, self.inspector, self.corrector)
        self._connect()
        presenter.show_map(self.settings.colour_map)
        self._offer_choices()

    def _connect(self) -> None:
        window = self._window
        window.bar.source_chosen.connect(self.open_source)
        window.bar.denoiser_chosen.connect(lambda value: self.use(replace(self.settings, denoiser=value)))
        window.bar.map_chosen.connect(lambda name: self.use(replace(self.settings, colour_map=name)))
        window.people.enrol_wanted.connect(self.on_enrol)
        for saying in (window.stage.notice, window.stage.banner):
            saying.acted.connect(lambda name: window.ways[name].trigger())
        self._bridge.changed.connect(self._engine_changed)
        self._presenter.refreshed.connect(self._watch_disk)
        self._presenter.result_shown.connect(self._see)
        window.closing.connect(self._close)

    def _see(self) -> None:
        if self._presenter.result is not None:
            self.enroller.see(self._presenter.result)

    def _offer_choices(self) -> None:
        bar = self._window.bar
        source = self.settings.source
        others = () if source in [value for _, value in self._sources] else ((source_label(source), source),)
        bar.show_choices(bar.source, self._sources + others, source)
        bar.show_choices(bar.denoiser, self._parts.denoisers, self.settings.denoiser)
        bar.maps.setCurrentIndex(bar.maps.findData(self.settings.colour_map))

    def start(self) -> None:
        """Open the source of the settings and look for cameras."""
        self._open()
        QTimer.singleShot(RESCAN_AFTER_MS, self, self.on_rescan)

    def _open(self) -> None:
        settings = self.settings
        self._bridge.open(lambda wake: self._parts.make_engine(settings, wake))

    def open_source(self, source: str) -> None:
        """Look at another source."""
        self.settings = replace(self.settings, source=source)
        self._offer_choices()
        self._open()

    def use(self, settings: Settings) -> None:
        """Take these settings over: some need a new engine, some the next frame, some only paint."""
        before, self.settings = self.settings, settings
        self._jobs.run(lambda: self._parts.save(before, settings), lambda _: None, self._say)
        self._presenter.show_map(settings.colour_map)
        if settings.theme != before.theme:
            theme.apply(_application(), theme_name(settings.theme))
        if any(getattr(settings, name) != getattr(before, name) for name in RESTARTED_BY):
            self._open()
        elif self._bridge.engine is not None:
            self._bridge.engine.options = replace(
                self._bridge.engine.options,
                rate=settings.false_positive_rate,
                threshold=settings.threshold,
                fine=settings.fine,
            )
        self._offer_choices()

    def _engine_changed(self) -> None:
        """Another engine, or none: the gallery must fit its recogniser, and the button must say what it does."""
        is_on = self._bridge.engine is not None or self._bridge.is_opening
        way, colours = self._window.ways["stream"], theme.colours_of(self._window)
        way.setIcon(icon("square" if is_on else "play", colours.text, colours.line))
        for name in ("pause", "record", "enrol"):
            self._window.ways[name].setEnabled(self._bridge.engine is not None)
        if self._bridge.engine is None:
            self.enroller.cancel()
            self._window.ways["record"].setChecked(False)
        else:
            self.enroller.refresh()

    def on_pause(self) -> None:
        """Hold the picture still, to read it; the camera runs on. A recording stands still itself."""
        if self.player.toggle():
            return
        self._presenter.pause(self._window.ways["pause"].isChecked())

    def on_stream(self) -> None:
        """Start what is stopped and stop what runs."""
        if self._bridge.engine is None and not self._bridge.is_opening:
            self._open()
        else:
            self._bridge.stop()

    def on_replay(self) -> None:
        """Open the camera again, or play a recording again; a camera that hangs is left to its thread."""
        engine = self._bridge.engine
        if engine is not None and engine.camera_hangs:
            self._open()
        elif engine is not None:
            engine.retry_camera()

    def on_simulate(self) -> None:
        """Look at simulated people."""
        self.open_source(SIMULATED)

    def on_open_recording(self) -> None:
        """Ask for a file; it opens by its content."""
        title = self.tr("Open a recording")
        name, _ = QFileDialog.getOpenFileName(self._window, title, str(self._parts.data_dir))
        if name:
            self.open_source(f"recording:{name}")

    def on_rescan(self) -> None:
        """List what is plugged in."""
        settings = self.settings
        self._jobs.run(lambda: self._parts.find_cameras(settings), self._show_cameras, self._say)

    def _show_cameras(self, reports: tuple[BackendReport, ...]) -> None:
        found = tuple((info.name, info.source) for report in reports for info in report.cameras)
        addresses = {address for _, address in found}
        self._sources = tuple(each for each in self._sources if each[1] not in addresses) + found
        self._offer_choices()

    def on_record(self) -> None:
        """Begin or end a recording."""
        engine, way = self._bridge.engine, self._window.ways["record"]
        if engine is None:
            way.setChecked(False)
        elif way.isChecked():
            path = self._new_file("recordings", RECORDING_SUFFIX)
            processed = self.settings.record_processed
            self._jobs.run(lambda: _record(engine, path, processed), lambda _: None, self._record_failed)
        else:
            self._jobs.run(engine.stop_recording, self._recorded, self._record_failed)

    def _recorded(self, progress: RecordingProgress | None) -> None:
        if progress is not None:
            self._say(self.tr("Recorded {0} frames to {1}").format(progress.frames, progress.path))

    def _record_failed(self, problem: str) -> None:
        self._window.ways["record"].setChecked(False)
        self._say(problem)

    def _watch_disk(self) -> None:
        """Four times a second, while something is recorded."""
        engine = self._bridge.engine
        is_recording = engine is not None and engine.recording is not None
        if not self._jobs.is_busy:
            self._window.ways["record"].setChecked(is_recording)
        self._presenter.note = disk_note(shutil.disk_usage(self._parts.data_dir).free) if is_recording else None

    def on_snapshot(self) -> None:
        """Save the window as PNG and the frame as npz, beside each other."""
        path = self._new_file("snapshots", ".png")
        image, frame = self._window.grab().toImage(), self._window.stage.live.frame
        said = self._say
        self._jobs.run(
            lambda: save_snapshot(path, image, frame), lambda _: said(self.tr("Saved {0}").format(path)), said
        )

    def _new_file(self, folder: str, suffix: str) -> Path:
        return self._parts.data_dir / folder / f"{datetime.now():%Y-%m-%d %H-%M-%S}{suffix}"

    def on_enrol(self) -> None:
        """Ask who is in front of the camera."""
        if self._bridge.engine is not None:
            self.enroller.ask()

    def on_next_face(self) -> None:
        """Follow the next face."""
        self._presenter.choose_next()

    def on_pane_1(self) -> None:
        """Raw depth, large."""
        self._window.panes.enlarge(0)

    def on_pane_2(self) -> None:
        """Denoised depth, large."""
        self._window.panes.enlarge(1)

    def on_pane_3(self) -> None:
        """Raw normals, large."""
        self._window.panes.enlarge(2)

    def on_pane_4(self) -> None:
        """Denoised normals, large."""
        self._window.panes.enlarge(3)

    def on_theme(self) -> None:
        """The other one of dark and light."""
        is_dark = theme.colours_of(self._window) is theme.DARK
        self.use(replace(self.settings, theme="light" if is_dark else "dark"))

    def on_full_screen(self) -> None:
        """All of the screen, or the window again."""
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def on_settings(self) -> None:
        """The settings dialog; nothing waits for it."""
        dialog = SettingsDialog(self.settings, self._window)
        dialog.accepted.connect(lambda: self.use(dialog.chosen))
        dialog.open()

    def on_shortcuts(self) -> None:
        """The keyboard, as a list."""
        ShortcutsDialog(self._window).open()

    def on_quit(self) -> None:
        """Close the window."""
        self._window.close()

    def _close(self) -> None:
        """Everything that runs comes to its end before the window goes."""
        self._bridge.shut_down()
        self.enroller.wait()
        self.player.wait()
        self.inspector.wait()
        self._jobs.wait()


def source_label(source: str) -> str:
    """A source that no list of cameras holds, in words."""
    kind, _, rest = source.partition(":")
    if kind == "recording":
        return Path(rest.partition("?")[0]).name
    if kind == "simulated":
        return QCoreApplication.translate("Commands", "Simulated camera")
    return source


def _record(engine: Engine, path: Path, processed: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {path.parent} cannot be made ({error.strerror}); free it or its disk.") from error
    engine.record(path, processed)


def theme_name(chosen: str) -> str:
    """Dark or light; "system" follows the desktop, and is dark where the desktop does not say."""
    if chosen != "system":
        return chosen
    return "light" if QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Light else "dark"


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application
