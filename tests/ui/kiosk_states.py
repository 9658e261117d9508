"""Every screen of the kiosk, shown from a value, as pictures to look at.

python -m tests.ui.kiosk_states FOLDER [--size 1920x1080] [--language de] [STATE ...]
"""

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication

from depthface_app.core.capture_score import CaptureScore
from depthface_app.pipeline.enrolment import CAPTURES_PER_POSE, Capture, Enrolment
from depthface_app.pipeline.greeting import Greeting, Said
from depthface_app.pipeline.kiosk import Step, Visit
from depthface_app.pipeline.lockout import Lockout
from depthface_app.ui.app import make_application
from depthface_app.ui.kiosk.languages import LANGUAGES, Languages
from depthface_app.ui.kiosk.screens import Screens, Sight
from depthface_app.ui.kiosk.window import KioskWindow
from depthface_app.ui.kiosk.words import word
from depthface_app.ui.marks import Standing
from tests.ui.values import axis, frame_of

SIZES = {"portrait": (800, 1280), "wide": (1920, 1080)}
NAME = "Katherine Johnson"
NOW_S = 1000.0
SCORE = CaptureScore(0.96, 0.71, 0.88, 1.0, 0.55, 0.82)
VIEW = Capture(axis(0), 0.9, 1.0, 0.0)


def at(step: Step, **known: object) -> Visit:
    return Visit(step, 1, NOW_S, NOW_S, NOW_S, **known)


def greeted(said: Said, name: str = "") -> Visit:
    return at(Step.WELCOME, greeting=Greeting(said, name))


def capture(views: tuple[int, ...], instruction: str) -> Visit:
    enrolment = Enrolment(captures=tuple((VIEW,) * count for count in views), instruction=instruction)
    return at(Step.CAPTURE, enrolment=enrolment, hint=instruction, name=NAME)


FULL = (CAPTURES_PER_POSE,) * 5
STATES: dict[str, Visit] = {
    "welcome": greeted(Said.NOBODY),
    "hello": greeted(Said.KNOWN, NAME),
    "stranger": greeted(Said.STRANGER),
    "fake": greeted(Said.FAKE),
    "consent": at(Step.CONSENT),
    "name": at(Step.NAME),
    "name-taken": at(Step.NAME, problem="taken"),
    "name-unusable": at(Step.NAME, problem="unusable"),
    "place-near": at(Step.PLACE, hint="step back"),
    "place-far": at(Step.PLACE, hint="come closer"),
    "place-covered": at(Step.PLACE, hint="something covers the face"),
    "capture-front": capture((2, 0, 0, 0, 0), "hold still"),
    "capture-left": capture((5, 0, 0, 0, 0), "turn a little left"),
    "capture-right": capture((5, 5, 3, 0, 0), "turn a little right"),
    "capture-up": capture((5, 5, 5, 2, 0), "look up a little"),
    "capture-down": capture((5, 5, 5, 5, 0), "look down a little"),
    "capture-fake": capture((5, 0, 0, 0, 0), "show your own face"),
    "capture-alone": capture((5, 0, 0, 0, 0), "come back alone"),
    "capture-idle": replace(capture((5, 0, 0, 0, 0), "come into the picture"), touched_s=NOW_S - 9),
    "check": replace(capture(FULL, "done"), step=Step.CHECK, hint=""),
    "duplicate": at(Step.DUPLICATE, known_as=NAME),
    "verify": replace(capture(FULL, "done"), step=Step.VERIFY, hint="look straight"),
    "done": at(Step.DONE, name=NAME),
    "problem-slow": at(Step.PROBLEM, problem="slow"),
    "problem-again": at(Step.PROBLEM, problem="again"),
    "problem-gallery": at(Step.PROBLEM, problem="gallery"),
    "locked": at(Step.LOCKED, lockout=Lockout(until_s=NOW_S + 57)),
    "no-camera": at(Step.WELCOME),
    "no-models": at(Step.WELCOME),
    "pin": at(Step.WELCOME),
    "no-pin": at(Step.WELCOME),
    "languages": greeted(Said.NOBODY),
}
SIGHTS = {"no-camera": Sight("camera", "camera_text"), "no-models": Sight("problem", "models_text")}


class Show:
    """A kiosk's window that shows one state after the other; no engine, no gallery."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.window = KioskWindow("turbo")
        self.languages = Languages(self.window)
        self._screens = {keeps: Screens(self.window, self.languages, keeps) for keeps in (False, True)}
        self.window.resize(*size)
        self.window.look.circle.show_frame(frame_of([(-20.0, -10.0, 600.0)]))
        self.window.look.bars.show_score(SCORE)
        self.window.show()

    def speak(self, language: str) -> None:
        self.languages.speak(language)
        self.window.say(language)

    def state(self, name: str, keeps_frames: bool = True) -> None:
        window = self.window
        self._screens[keeps_frames].show(STATES[name], SIGHTS.get(name, Sight()), NOW_S)
        if name == "pin":
            window.pin.ask(word("pin"), word("pin_shut"), self.languages.now)
            window.show_page(window.pin)
        if name == "no-pin":
            window.message.show_message(Standing.UNKNOWN, word("no_pin"), word("no_pin_text"), ("back", "leave"))
            window.show_page(window.message)
        window.choice.setVisible(name == "languages")
        if name.startswith("name"):
            window.name.line.setText("Katherine")
        for _ in range(2):  # texts ask for room, then their neighbours do
            QApplication.processEvents()

    def close(self) -> None:
        self.languages.quiet()
        self.window.leave()
        self.window.deleteLater()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("states", nargs="*", default=list(STATES))
    parser.add_argument("--theme", default="dark", choices=("dark", "light"))
    parser.add_argument("--size", action="append", choices=tuple(SIZES))
    parser.add_argument("--language", action="append", choices=tuple(LANGUAGES))
    chosen = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    make_application(chosen.theme, kiosk=True)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for size in chosen.size or SIZES:
        show = Show(SIZES[size])
        for language in chosen.language or LANGUAGES:
            show.speak(language)
            for name in chosen.states:
                show.state(name)
                settle()
                show.window.grab().save(str(chosen.folder / f"{name}-{language}-{size}.png"))
        show.close()


def settle(seconds: float = 0.02) -> None:
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        for _ in range(2):  # texts ask for room, then their neighbours do
            QApplication.processEvents()


if __name__ == "__main__":
    main()
