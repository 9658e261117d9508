"""Drives the kiosk: what the engine sees and the person presses goes into the visit, what that says onto the screen."""

import json
import logging
import sys
import time

from PySide6.QtCore import QObject, QTimer

from depthface_app.core.capture_score import CaptureScore, score_capture
from depthface_app.core.errors import GalleryError
from depthface_app.core.face import FaceResult, Result
from depthface_app.gallery.roles import Role
from depthface_app.gallery.store import clean_name
from depthface_app.pipeline import kiosk
from depthface_app.pipeline.faults import Fault
from depthface_app.pipeline.feed import FeedState
from depthface_app.pipeline.greeting import Said, nearest
from depthface_app.pipeline.health import Health
from depthface_app.pipeline.kiosk import Step, Visit
from depthface_app.pipeline.kiosk_report import EVERY_S, health_line, tell_systemd
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.commands import Parts
from depthface_app.ui.jobs import Jobs
from depthface_app.ui.kiosk.consent_text import consent_record
from depthface_app.ui.kiosk.doorkeeper import Doorkeeper
from depthface_app.ui.kiosk.languages import Languages
from depthface_app.ui.kiosk.records import Records
from depthface_app.ui.kiosk.screens import Screens, Sight, sight_of
from depthface_app.ui.kiosk.window import KioskWindow

log = logging.getLogger(__name__)

TICK_MS = 250
RETRY_MS = 10_000
SCORE_EVERY_S = 0.25


class Keeper(QObject):
    """Lives on the GUI thread; every call into the gallery's file is a job."""

    def __init__(self, window: KioskWindow, bridge: Bridge, parts: Parts) -> None:
        super().__init__(window)
        self._window, self._bridge, self._parts = window, bridge, parts
        self.visit, self.frames_shown = Visit(), 0
        self._has_picture, self._scored_s = False, 0.0
        self._faults: tuple[Fault, ...] = ()
        self._last_fault: Fault | None = None
        jobs = Jobs(self)
        self._jobs = jobs
        self.languages = Languages(self)
        self._screens = Screens(window, self.languages, parts.settings.keep_frames)
        self.door = Doorkeeper(window, parts.store, self.languages, jobs)
        self.records = Records(self, bridge, parts, jobs, self._failed)
        self._connect()
        for interval, slot in (
            (TICK_MS, self.tick),
            (RETRY_MS, self._look_after_camera),
            (EVERY_S * 1000, self.report),
        ):
            timer = QTimer(self, interval=round(interval))
            timer.timeout.connect(slot)
            timer.start()

    def _connect(self) -> None:
        window, bridge = self._window, self._bridge
        bridge.picture_ready.connect(self._take_picture)
        bridge.result_ready.connect(self._take_result)
        bridge.faults_ready.connect(self._take_faults)
        bridge.changed.connect(self.records.refresh)
        bridge.failed.connect(lambda problem: log.error("%s", problem))
        self.languages.changed.connect(self._say_all)
        window.language_chosen.connect(self._speak)
        window.leave_wanted.connect(lambda: self.door.ask(Role.ADMINISTRATOR, window.leave))
        window.back_wanted.connect(lambda: self._press("back" if self.door.is_asking else "cancel"))
        window.closing.connect(self._close)
        window.name.entered.connect(self._take_name)
        window.name.line.textEdited.connect(self._touch)
        window.name.keyboard.pressed.connect(self._touch)
        for page in (window.look, window.consent, window.name, window.message):
            page.pressed.connect(self._press)

    def start(self) -> None:
        """Open the camera and the networks."""
        self._parts.store.vault.role = Role.VISITOR.name.lower()
        self._open()
        self._say_all()
        tell_systemd("READY=1")

    def _open(self) -> None:
        settings = self._parts.settings
        self._bridge.open(lambda wake: self._parts.make_engine(settings, wake))

    # -------------------------------------------------------------------------------------------- from the engine

    def _take_picture(self) -> None:
        frame = self._bridge.take_picture()
        if frame is None:
            return
        self._has_picture = True
        self.frames_shown += 1
        self._window.look.circle.show_frame(frame)
        if self._bridge.engine is not None:
            self._bridge.engine.picture_shown(frame)

    def _take_result(self) -> None:
        result = self._bridge.take_result()
        if result is not None and not self.sight().title:
            self.see(result)

    def _take_faults(self) -> None:
        faults = self._bridge.take_faults()
        if faults is not None:
            self._faults = faults
            self._last_fault = faults[-1] if faults else self._last_fault

    def sight(self) -> Sight:
        """Why the kiosk sees nobody, if it does not."""
        return sight_of(self._bridge.engine, self._bridge.is_opening, self._has_picture)

    def _look_after_camera(self) -> None:
        """The feed tries again by itself for a while; a kiosk never gives up."""
        engine = self._bridge.engine
        if self._bridge.is_opening:
            return
        if engine is None or engine.camera_hangs:
            self._open()
        elif engine.state in (FeedState.FAILED, FeedState.ENDED):
            engine.retry_camera()

    def see(self, result: Result) -> None:
        """One more result of the pipeline."""
        self.turn(kiosk.see(self.visit, result))
        now_s = result.frame.captured_s
        if self.visit.step in (Step.PLACE, Step.CAPTURE) and not 0 <= now_s - self._scored_s < SCORE_EVERY_S:
            self._scored_s = now_s
            self._window.look.bars.show_score(self._score(nearest(result)))

    def _score(self, face: FaceResult | None) -> CaptureScore | None:
        if face is None or face.crop is None:
            return None
        models = self._bridge.engine.models if self._bridge.engine else None
        mean = models.recogniser.mean if models else None
        return score_capture(face.crop, face.location, face.denoised.depth_mm if face.denoised else None, mean)

    # -------------------------------------------------------------------------------------------- from the person

    def _press(self, key: str) -> None:
        visit, now_s = self.visit, time.monotonic()
        if self.door.is_asking:
            self.door.leave_openly() if key == "leave" else self.door.back()
            self.show()
        elif key == "agree":
            self.turn(kiosk.agree(visit, consent_record(self.languages.now, self._parts.settings.keep_frames), now_s))
        elif key == "enrol":
            self.turn(kiosk.begin(visit, now_s))
        elif key == "retry":
            self.turn(kiosk.retry(visit, now_s))
        elif key == "not_me":
            self.door.ask(Role.OPERATOR, lambda: self.turn(kiosk.allow(self.visit, time.monotonic())))
        elif key in ("decline", "cancel", "is_me"):
            self.turn(kiosk.cancel(visit, now_s))

    def _take_name(self, typed: str) -> None:
        try:
            name = clean_name(typed)
        except GalleryError:
            self.turn(kiosk.refuse_name(self.visit, "unusable" if typed.strip() else "missing", time.monotonic()))
            return
        number = self.visit.number

        def answer(is_taken: bool) -> None:
            if self.visit.number == number:
                self.turn(kiosk.give_name(self.visit, name, is_taken, time.monotonic()))

        self.records.ask_taken(name, answer)

    def _touch(self) -> None:
        self.turn(kiosk.touch(self.visit, time.monotonic()))

    def _speak(self, language: str) -> None:
        self.languages.speak(language)
        self.turn(kiosk.touch(self.visit, time.monotonic()))

    # -------------------------------------------------------------------------------------------------- the visit

    def turn(self, visit: Visit) -> None:
        """The visit as it is now; what a new step asks of the gallery is begun."""
        before, self.visit = self.visit, visit
        if visit.step is not before.step or visit.number != before.number:
            self._reached(visit)
        self.show()

    def _reached(self, visit: Visit) -> None:
        if visit.step is Step.CHECK:
            self.records.check(
                visit, lambda name: self.turn(kiosk.checked(self.visit, visit.number, name, time.monotonic()))
            )
        elif visit.step is Step.STORE:
            self.records.store(visit, lambda: self.turn(kiosk.stored(self.visit, visit.number, time.monotonic())))
        elif visit.step in (Step.WELCOME, Step.LOCKED):
            self._parts.store.vault.role = Role.VISITOR.name.lower()
            self.languages.speak(self.languages.own)

    def _failed(self, visit: Visit, fault: Fault) -> None:
        """The gallery could not do what a step asked for."""
        self._last_fault = fault
        self.turn(kiosk.fail(self.visit, visit.number, "gallery", time.monotonic()))

    def tick(self) -> None:
        """Time goes by."""
        now_s = time.monotonic()
        is_left = self.visit.step is Step.WELCOME and self.visit.greeting.said is Said.NOBODY
        if is_left and self.languages.now != self.languages.own and now_s - self.visit.touched_s > kiosk.IDLE_S:
            self.languages.speak(self.languages.own)
        if self.door.is_asking and self.visit.step is Step.DUPLICATE:
            self.visit = kiosk.touch(self.visit, now_s)
        self.turn(kiosk.tick(self.visit, now_s))

    def show(self) -> None:
        """What stands on the screen."""
        if self.door.is_asking:
            return
        sight = self.sight()
        if sight.title:
            self._window.look.circle.dim()
        self._screens.show(self.visit, sight, time.monotonic())

    def _say_all(self) -> None:
        self._window.say(self.languages.now)
        if self.door.is_asking:
            self.door.show()
        self.show()

    def report(self) -> None:
        """One line for whoever watches the kiosk."""
        engine = self._bridge.engine
        state, health = (engine.state, engine.health()) if engine else (None, Health())
        line = health_line(self.visit.step, state, health, self.records.people, self._faults, self._last_fault)
        tell_systemd("WATCHDOG=1")
        if sys.stdout is not None:
            print(json.dumps(line), flush=True)

    def _close(self) -> None:
        """Everything that runs comes to its end before the window goes, and nothing new begins."""
        for timer in self.findChildren(QTimer):
            timer.stop()
        self.records.stop()
        self._bridge.changed.disconnect(self.records.refresh)
        self._bridge.shut_down()
        self._jobs.wait()
        self.languages.quiet()
