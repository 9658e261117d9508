"""One visit to a kiosk, from the start screen to a stored record and back: values in, values out. Pure.

Nothing is stored before the last step, so that leaving at any other stores nothing. What takes a while (asking the
gallery, writing to it) is done by whoever drives this, on reaching `Step.CHECK` and `Step.STORE`; the answers come
back with the number of the visit they belong to.
"""

from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import FaceResult, Result
from depthface_app.core.match import unit
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import Consent
from depthface_app.pipeline.enrolment import GOOD_ENOUGH, Enrolment, advance
from depthface_app.pipeline.greeting import Greeting, greet, nearest
from depthface_app.pipeline.lockout import Lockout, watch

STANDS_S = 0.6  # somebody stands well when they have for so long
NEAR_MM, FAR_MM = 450.0, 1000.0  # narrower than where captures begin to suffer, so that there is room to move
FRESH_RESULTS = 5  # that verify, after the last capture
FRESH_S = 0.5
VERIFY_S, CAPTURE_S, NOBODY_S = 10.0, 20.0, 15.0  # without success, without a new view, without a face
PLACE_S = 45.0  # for standing well
DONE_S, PROBLEM_S = 6.0, 25.0
IDLE_S = 60.0  # screens that wait for a finger
READING_S = 120.0  # the consent


class Step(Enum):
    """Where a visit is; in this order, but for the last three."""

    WELCOME = "welcome"
    CONSENT = "consent"
    NAME = "name"
    PLACE = "place"
    CAPTURE = "capture"
    CHECK = "check"
    DUPLICATE = "duplicate"
    VERIFY = "verify"
    STORE = "store"
    DONE = "done"
    PROBLEM = "problem"
    LOCKED = "locked"


WAITS_S = {
    Step.CONSENT: READING_S,
    Step.NAME: IDLE_S,
    Step.DUPLICATE: IDLE_S,
    Step.DONE: DONE_S,
    Step.PROBLEM: PROBLEM_S,
    Step.PLACE: NOBODY_S,
    Step.CAPTURE: NOBODY_S,
    Step.VERIFY: NOBODY_S,
}
LOOKS = (Step.PLACE, Step.CAPTURE, Step.VERIFY)


@dataclass(frozen=True, eq=False, slots=True)
class Visit:
    """Everything the kiosk knows now; times on the monotonic clock of the frames.

    number:    counts visits, so that a late answer finds out that it is too late
    since_s:   when this step began
    touched_s: last sign of the person: a press, or a face where one is looked for
    moved_s:   last success: a new view
    hint:      what the person should do, in the pipeline's words, "" when nothing
    known_as:  whom the gallery takes them for
    problem:   why it did not work: "slow", "again" (not recognised again), "gallery"; of a name "taken", "missing",
               "unusable"
    fresh:     embeddings seen since the views were complete
    """

    step: Step = Step.WELCOME
    number: int = 0
    since_s: float = 0.0
    touched_s: float = 0.0
    moved_s: float = 0.0
    name: str = ""
    consent: Consent | None = None
    hint: str = ""
    stands_since_s: float | None = None
    enrolment: Enrolment | None = None
    known_as: str = ""
    fresh: tuple[NDArray[np.float32], ...] = ()
    problem: str = ""
    greeting: Greeting = field(default_factory=Greeting)
    lockout: Lockout = field(default_factory=Lockout)


def idle_left_s(visit: Visit, now_s: float) -> float:
    """Seconds until the kiosk goes back to its start; infinite where it does not."""
    return WAITS_S.get(visit.step, float("inf")) - (now_s - visit.touched_s)


def _to(visit: Visit, step: Step, now_s: float, **known: object) -> Visit:
    return replace(visit, step=step, since_s=now_s, touched_s=now_s, moved_s=now_s, hint="", **known)  # type: ignore[arg-type]


def home(visit: Visit, now_s: float) -> Visit:
    """The start screen; whatever was captured is gone."""
    step = Step.LOCKED if visit.lockout.is_locked(now_s) else Step.WELCOME
    return Visit(step, visit.number + 1, now_s, now_s, lockout=visit.lockout)


# ------------------------------------------------------------------------------------------- what the person does


def begin(visit: Visit, now_s: float) -> Visit:
    """They want to be enrolled."""
    return _to(visit, Step.CONSENT, now_s) if visit.step is Step.WELCOME else visit


def agree(visit: Visit, consent: Consent, now_s: float) -> Visit:
    """They have read what is stored, and agree."""
    return _to(visit, Step.NAME, now_s, consent=consent) if visit.step is Step.CONSENT else visit


def give_name(visit: Visit, name: str, is_taken: bool, now_s: float) -> Visit:
    """They have typed a name that can be stored; one that somebody has is asked for again."""
    if is_taken:
        return refuse_name(visit, "taken", now_s)
    return _to(visit, Step.PLACE, now_s, name=name, problem="") if visit.step is Step.NAME else visit


def refuse_name(visit: Visit, why: str, now_s: float) -> Visit:
    """The name they have typed cannot be taken."""
    return replace(visit, problem=why, touched_s=now_s) if visit.step is Step.NAME else visit


def cancel(visit: Visit, now_s: float) -> Visit:
    """They leave; a record that is being written can no longer be stopped."""
    return visit if visit.step in (Step.STORE, Step.LOCKED) else home(visit, now_s)


def retry(visit: Visit, now_s: float) -> Visit:
    """They try again, with the name and the consent they gave."""
    if visit.step is not Step.PROBLEM:
        return visit
    return _to(visit, Step.PLACE, now_s, enrolment=None, fresh=(), problem="", known_as="", stands_since_s=None)


def touch(visit: Visit, now_s: float) -> Visit:
    """Any press: somebody is there."""
    is_waiting = visit.step in (Step.WELCOME, Step.CONSENT, Step.NAME, Step.DUPLICATE)
    return replace(visit, touched_s=now_s) if is_waiting else visit


# --------------------------------------------------------------------------------------- what the gallery answers


def already(enrolment: Enrolment, gallery: Gallery, model: str, threshold: float) -> str:
    """Name under which the person is enrolled, "" if nobody is like them.

    One search with the frontal view, so that the rate the operator has chosen is the rate of wrong answers.
    """
    front = unit(np.mean([capture.embedding for capture in enrolment.captures[0]], axis=0))
    return gallery.match(front, model, threshold).name or ""


def checked(visit: Visit, number: int, known_as: str, now_s: float) -> Visit:
    """The gallery was asked whether it knows the face."""
    if visit.step is not Step.CHECK or visit.number != number:
        return visit
    if known_as:
        return _to(visit, Step.DUPLICATE, now_s, known_as=known_as)
    return _to(visit, Step.VERIFY, now_s, fresh=())


def allow(visit: Visit, now_s: float) -> Visit:
    """Somebody entitled says that this is another person than the gallery takes them for."""
    return _to(visit, Step.VERIFY, now_s, fresh=()) if visit.step is Step.DUPLICATE else visit


def stored(visit: Visit, number: int, now_s: float) -> Visit:
    """The record is on the disk."""
    return _to(visit, Step.DONE, now_s) if visit.step is Step.STORE and visit.number == number else visit


def fail(visit: Visit, number: int, problem: str, now_s: float) -> Visit:
    """The gallery could not be asked or written."""
    is_ours = visit.step in (Step.CHECK, Step.STORE) and visit.number == number
    return _to(visit, Step.PROBLEM, now_s, problem=problem) if is_ours else visit


# -------------------------------------------------------------------------------------------- what the camera sees


def tick(visit: Visit, now_s: float) -> Visit:
    """Time goes by."""
    if visit.step is Step.LOCKED:
        return visit if visit.lockout.is_locked(now_s) else home(visit, now_s)
    if idle_left_s(visit, now_s) <= 0:
        return home(visit, now_s)
    if visit.step is Step.PLACE and now_s - visit.since_s > PLACE_S:
        return _to(visit, Step.PROBLEM, now_s, problem="slow")
    if visit.step is Step.CAPTURE and now_s - visit.moved_s > CAPTURE_S:
        return _to(visit, Step.PROBLEM, now_s, problem="slow")
    if visit.step is Step.VERIFY and now_s - visit.since_s > VERIFY_S:
        return _to(visit, Step.PROBLEM, now_s, problem="again")
    return visit


def see(visit: Visit, result: Result) -> Visit:
    """One more result of the pipeline."""
    now_s, face = result.frame.captured_s, nearest(result)
    lockout = watch(visit.lockout, face.live, face.location.track, now_s) if face else visit.lockout
    visit = replace(visit, lockout=lockout)
    if visit.step not in (Step.LOCKED, Step.STORE) and lockout.is_locked(now_s):
        return home(visit, now_s)
    if visit.step is Step.WELCOME:
        return replace(visit, greeting=greet(visit.greeting, result))
    if visit.step in LOOKS and face is not None:
        visit = replace(visit, touched_s=now_s)
    if visit.step is Step.PLACE:
        return _placed(visit, face, now_s)
    if visit.step is Step.CAPTURE:
        return _captured(visit, result)
    return _verified(visit, result) if visit.step is Step.VERIFY else visit


def _placed(visit: Visit, face: FaceResult | None, now_s: float) -> Visit:
    """Somebody who stands well for a moment is captured."""
    hint = placing_hint(face)
    if hint:
        return replace(visit, hint=hint, stands_since_s=None)
    if visit.stands_since_s is None:
        return replace(visit, hint="hold still", stands_since_s=now_s)
    if now_s - visit.stands_since_s < STANDS_S:
        return visit
    assert face is not None
    return _to(visit, Step.CAPTURE, now_s, enrolment=Enrolment(track=face.location.track))


def placing_hint(face: FaceResult | None) -> str:
    """What keeps a face from being captured, "" when nothing does."""
    if face is None:
        return "come into the picture"
    if face.live is False:
        return "show your own face"
    if face.location.distance_mm < NEAR_MM:
        return "step back"
    if face.location.distance_mm > FAR_MM:
        return "come closer"
    return (face.hint or "hold still") if face.quality < GOOD_ENOUGH else ""


def _captured(visit: Visit, result: Result) -> Visit:
    assert visit.enrolment is not None
    now_s, before = result.frame.captured_s, visit.enrolment.progress
    enrolment = advance(visit.enrolment, result)
    visit = replace(visit, enrolment=enrolment, hint=enrolment.instruction)
    if enrolment.progress > before:
        visit = replace(visit, moved_s=now_s)
    return _to(visit, Step.CHECK, now_s) if enrolment.is_done else visit


def _verified(visit: Visit, result: Result) -> Visit:
    """Fresh frames, none of which made a template, must find the new person, and nobody else before them."""
    now_s, face, enrolment = result.frame.captured_s, nearest(result), visit.enrolment
    assert enrolment is not None
    if now_s <= visit.since_s:
        return visit
    if face is None or face.embedding is None or face.match is None or face.live is not True:
        return replace(visit, hint=placing_hint(face) or "look straight", fresh=())
    fresh = (*visit.fresh, face.embedding)[-FRESH_RESULTS:]
    visit = replace(visit, hint="look straight", fresh=fresh)
    if len(fresh) < FRESH_RESULTS or now_s - visit.since_s < FRESH_S:
        return visit
    own = own_similarity(enrolment, fresh)
    other = max((similarity for _, similarity in face.match.candidates), default=-1.0)
    return _to(visit, Step.STORE, now_s) if own >= face.match.threshold and own > other else visit


def own_similarity(enrolment: Enrolment, fresh: tuple[NDArray[np.float32], ...]) -> float:
    """Best cosine of the mean of fresh embeddings with the templates to be stored."""
    probe = unit(np.mean(fresh, axis=0))
    return max(float(probe @ template.embedding) for template in enrolment.templates())
