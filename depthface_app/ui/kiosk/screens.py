"""From a visit to what stands on the screen; no decisions."""

import math
from dataclasses import dataclass

from depthface_app.pipeline.engine import Engine
from depthface_app.pipeline.enrolment import Enrolment
from depthface_app.pipeline.feed import FeedState
from depthface_app.pipeline.greeting import Said
from depthface_app.pipeline.kiosk import LOOKS, Step, Visit, idle_left_s
from depthface_app.ui.kiosk.consent_text import consent_lines, text_version
from depthface_app.ui.kiosk.face_circle import ARROWS, Around
from depthface_app.ui.kiosk.languages import Languages
from depthface_app.ui.kiosk.window import KioskWindow
from depthface_app.ui.kiosk.words import TEXTS, word
from depthface_app.ui.marks import Standing
from depthface_app.ui.ring import RingState

_GONE = (FeedState.STALLED, FeedState.LOST, FeedState.RECOVERING, FeedState.FAILED, FeedState.ENDED)
WARNED_S = 10.0  # before the kiosk goes back to its start
_GREETINGS = {
    Said.NOBODY: ("welcome", "welcome_text", "line"),
    Said.LOOKING: ("looking", "welcome_text", "line"),
    Said.KNOWN: ("hello", "hello_text", "known"),
    Said.STRANGER: ("stranger", "stranger_text", "unknown"),
    Said.FAKE: ("fake", "fake_text", "spoof"),
}
_LOOKING_TITLES = {
    Step.PLACE: "place",
    Step.CAPTURE: "capture",
    Step.CHECK: "busy",
    Step.VERIFY: "verify",
    Step.STORE: "busy",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """Why nobody can be seen: "" or the key of the title and of the text."""

    title: str = ""
    text: str = ""


def sight_of(engine: Engine | None, is_opening: bool, has_picture: bool) -> Sight:
    """Why the kiosk sees nobody, if it does not."""
    if engine is None:
        return Sight("starting") if is_opening else Sight("camera", "camera_text")
    if engine.state in _GONE:
        return Sight("camera", "camera_text")
    if not has_picture:
        return Sight("starting")
    return Sight() if engine.models is not None else Sight("problem", "models_text")


class Screens:
    """Shows a visit in a window."""

    def __init__(self, window: KioskWindow, languages: Languages, keeps_frames: bool) -> None:
        self._window, self._languages, self._keeps_frames = window, languages, keeps_frames

    def show(self, visit: Visit, sight: Sight, now_s: float) -> None:
        """The screen of this step with its present texts."""
        window, step = self._window, visit.step
        if step is Step.CONSENT:
            lines = consent_lines(self._languages.locale, self._keeps_frames)
            window.consent.show_text(lines, text_version(self._keeps_frames))
            window.show_page(window.consent)
        elif step is Step.NAME:
            problem = word(f"name_{visit.problem}") if visit.problem else ""
            window.name.ask(word("name"), problem, self._languages.now)
            window.show_page(window.name)
        elif step in (Step.WELCOME, *_LOOKING_TITLES):
            self._show_look(visit, sight)
            window.show_page(window.look)
        else:
            window.message.show_message(*_message(visit, now_s))
            window.show_page(window.message)
        self._show_idle(visit, now_s)

    def _show_look(self, visit: Visit, sight: Sight) -> None:
        page = self._window.look
        is_capture = visit.step in (Step.PLACE, Step.CAPTURE)
        page.bars.setVisible(is_capture)
        page.part.setVisible(is_capture and not sight.title)
        page.part.say(word("score"))
        if sight.title:
            page.title.say(word(sight.title))
            page.text.say(word(sight.text) if sight.text else "")
            page.circle.show_around(Around())
            page.offer(None if visit.step is Step.WELCOME else "cancel")
        elif visit.step is Step.WELCOME:
            self._greet(visit)
        else:
            self._guide(visit)

    def _greet(self, visit: Visit) -> None:
        page, greeting = self._window.look, visit.greeting
        title, text, ink = _GREETINGS[greeting.said]
        page.title.say(word(title, greeting.name))
        page.text.say(word(text))
        page.circle.show_around(Around(ink=ink))
        page.offer(None if greeting.said in (Said.KNOWN, Said.FAKE) else "enrol")

    def _guide(self, visit: Visit) -> None:
        page, hint = self._window.look, visit.hint
        step_word, hint_word = word(_LOOKING_TITLES[visit.step]), word(hint) if hint in TEXTS else ""
        is_told = visit.step in (Step.PLACE, Step.CAPTURE) and hint_word  # what to do now is the largest text
        page.title.say(hint_word if is_told else step_word)
        page.text.say((step_word if hint in ARROWS else "") if is_told else hint_word)
        page.circle.show_around(_around(visit))
        if visit.step is Step.CAPTURE and visit.enrolment is not None:
            done, wanted = len(visit.enrolment.done_poses), len(visit.enrolment.poses)
            page.part.say(word("views", done, wanted))
        page.offer(None if visit.step is Step.STORE else "cancel")

    def _show_idle(self, visit: Visit, now_s: float) -> None:
        left_s = idle_left_s(visit, now_s)
        is_warning = left_s <= WARNED_S and visit.step is not Step.DONE
        self._window.idle.say(word("idle", max(math.ceil(left_s), 0)) if is_warning else " ")


def _around(visit: Visit) -> Around:
    """The ring of a capture."""
    arrow = ARROWS.get(visit.hint, "")
    if visit.step is Step.PLACE:
        return Around(arrow=arrow, ink="unknown" if visit.hint != "hold still" else "known")
    ring = RingState.of(visit.enrolment or Enrolment())
    return Around(ring.filled, ring.wanted, arrow if visit.step in LOOKS else "")


def _message(visit: Visit, now_s: float) -> tuple[Standing, str, str, tuple[str, ...]]:
    """(mark, title, text, buttons) of a step that only says something."""
    if visit.step is Step.DUPLICATE:
        return Standing.KNOWN, word("duplicate", visit.known_as), word("duplicate_text"), ("is_me", "not_me")
    if visit.step is Step.DONE:
        return Standing.KNOWN, word("stored", visit.name), word("stored_text"), ()
    if visit.step is Step.LOCKED:
        left_s = max(math.ceil(visit.lockout.until_s - now_s), 0)
        return Standing.SPOOF, word("locked"), word("locked_text", left_s), ()
    return Standing.UNKNOWN, word("problem"), word(visit.problem), ("retry", "cancel")
