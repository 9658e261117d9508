"""A visit to the kiosk, step by step, without a screen."""

import socket

import pytest

from depthface_app.core.face import FaceLocation, FaceResult, HeadPose, Match, Result
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import Consent
from depthface_app.pipeline import kiosk
from depthface_app.pipeline.enrolment import CAPTURES_PER_POSE, POSES
from depthface_app.pipeline.faults import Fault, FaultSource
from depthface_app.pipeline.feed import FeedState
from depthface_app.pipeline.greeting import Greeting, Said, greet
from depthface_app.pipeline.health import Health
from depthface_app.pipeline.kiosk import Step, Visit
from depthface_app.pipeline.kiosk_report import health_line, tell_systemd
from depthface_app.pipeline.lockout import ATTACKS, FIRST_LOCK_S, Lockout, watch
from tests.fake_models import axis_vector
from tests.fakes import fake_frame

CONSENT = Consent("to be greeted", "kiosk-1", "en", "2026-11-21T12:00:00+00:00", "2027-11-21T12:00:00+00:00")
FRONTAL = HeadPose(0, 0, 0)
THRESHOLD = 0.6
STEP_S = 0.13
MODEL = "fake 1"
FRAME = fake_frame()


def match_of(who, name=None, other=0.1):
    """A match by a gallery that knows one other person."""
    return Match(name, 0.9 if name else other, THRESHOLD, ((name or "Bob", 0.9 if name else other),))


def face(pose=FRONTAL, *, track=1, quality=0.9, hint="", who=0, z_mm=700.0, live=True, name=None, other=0.1):
    location = FaceLocation((0, 0, z_mm), (80, 60), pose, 0.9, (0, 0, 1, 1), track)
    match = match_of(who, name, other)
    return FaceResult(location, embedding=axis_vector(who), match=match, quality=quality, hint=hint, live=live)


class Stage:
    """Plays results to a visit, eight a second."""

    def __init__(self):
        self.visit, self.now_s = Visit(), 100.0

    def result(self, *faces):
        self.now_s += STEP_S
        return Result(FRAME.at(self.now_s), faces)

    def show(self, *faces, times=1):
        for _ in range(times):
            self.visit = kiosk.tick(kiosk.see(self.visit, self.result(*faces)), self.now_s)
        return self.visit

    def wait(self, seconds):
        self.now_s += seconds
        self.visit = kiosk.tick(self.visit, self.now_s)
        return self.visit

    def do(self, change, *values):
        self.visit = change(self.visit, *values, self.now_s)
        return self.visit

    def to_place(self):
        self.do(kiosk.begin)
        self.do(kiosk.agree, CONSENT)
        return self.do(kiosk.give_name, "Ada", False)

    def to_check(self, who=0):
        self.to_place()
        self.show(face(who=who), times=7)
        for pose in POSES:
            middle = HeadPose(sum(pose.yaw_deg) / 2, sum(pose.pitch_deg) / 2, 0)
            self.show(face(middle, who=who), times=CAPTURES_PER_POSE)
        return self.visit

    def to_verify(self):
        self.to_check()
        return self.do(kiosk.checked, self.visit.number, "")


@pytest.fixture
def stage():
    return Stage()


# ---------------------------------------------------------------------------------------------------- the whole way


def test_a_visit_goes_from_consent_to_a_stored_record(stage):
    assert stage.do(kiosk.begin).step is Step.CONSENT
    assert stage.do(kiosk.agree, CONSENT).step is Step.NAME
    assert stage.do(kiosk.give_name, "Ada", False).step is Step.PLACE
    assert stage.show(face(), times=7).step is Step.CAPTURE
    for pose in POSES:
        middle = HeadPose(sum(pose.yaw_deg) / 2, sum(pose.pitch_deg) / 2, 0)
        stage.show(face(middle), times=CAPTURES_PER_POSE)
    assert stage.visit.step is Step.CHECK
    assert stage.do(kiosk.checked, stage.visit.number, "").step is Step.VERIFY
    assert stage.show(face(), times=8).step is Step.STORE
    assert (stage.visit.name, stage.visit.consent) == ("Ada", CONSENT)
    assert len(stage.visit.enrolment.templates()) == len(POSES)
    assert stage.do(kiosk.stored, stage.visit.number).step is Step.DONE
    assert stage.wait(kiosk.DONE_S + 0.1).step is Step.WELCOME


def test_nobody_is_captured_without_a_consent(stage):
    stage.do(kiosk.begin)
    assert stage.do(kiosk.give_name, "Ada", False).step is Step.CONSENT
    assert stage.show(face(), times=40).enrolment is None


@pytest.mark.parametrize("step", ["begin", "agree", "place", "capture", "check", "verify"])
def test_leaving_forgets_everything(stage, step):
    if step in ("begin", "agree"):
        stage.do(kiosk.begin)
    if step == "agree":
        stage.do(kiosk.agree, CONSENT)
    if step in ("place", "capture"):
        stage.to_place()
    if step == "capture":
        stage.show(face(), times=10)
    if step == "check":
        stage.to_check()
    if step == "verify":
        stage.to_verify()
    number = stage.visit.number
    left = stage.do(kiosk.cancel)
    assert left.step is Step.WELCOME
    assert (left.name, left.consent, left.enrolment, left.fresh) == ("", None, None, ())
    assert left.number == number + 1
    for late in (kiosk.checked(left, number, "", 1.0), kiosk.stored(left, number, 1.0)):
        assert late.step is Step.WELCOME


def test_a_late_answer_does_not_reach_the_next_visitor(stage):
    first = stage.to_check().number
    stage.do(kiosk.cancel)
    stage.to_check()
    assert kiosk.checked(stage.visit, first, "", stage.now_s).step is Step.CHECK


def test_a_record_that_is_being_written_is_not_cancelled(stage):
    stage.to_verify()
    stage.show(face(), times=8)
    assert stage.do(kiosk.cancel).step is Step.STORE


def test_a_name_that_somebody_has_is_asked_for_again(stage):
    stage.do(kiosk.begin)
    stage.do(kiosk.agree, CONSENT)
    assert stage.do(kiosk.give_name, "Ada", True).problem == "taken"
    assert stage.visit.step is Step.NAME
    assert stage.do(kiosk.give_name, "Ada L.", False).problem == ""


# ---------------------------------------------------------------------------------------------------- where to stand


@pytest.mark.parametrize(
    ("seen", "hint"),
    [
        (None, "come into the picture"),
        (face(z_mm=400), "step back"),
        (face(z_mm=1300), "come closer"),
        (face(live=False), "show your own face"),
        (face(quality=0.2, hint="something covers the face"), "something covers the face"),
        (face(quality=0.2), "hold still"),
        (face(), ""),
    ],
)
def test_what_keeps_a_face_from_being_captured_is_said(seen, hint):
    assert kiosk.placing_hint(seen) == hint


def test_somebody_who_walks_by_is_not_captured(stage):
    stage.to_place()
    for _ in range(5):
        stage.show(face(), times=2)
        assert stage.show(face(z_mm=1500)).step is Step.PLACE


# ------------------------------------------------------------------------------------------------- what may go wrong


def test_who_turns_nowhere_is_offered_another_try(stage):
    stage.to_place()
    stage.show(face(), times=7 + CAPTURES_PER_POSE)
    problem = stage.show(face(), times=round(kiosk.CAPTURE_S / STEP_S) + 2)
    assert (problem.step, problem.problem) == (Step.PROBLEM, "slow")
    again = stage.do(kiosk.retry)
    assert (again.step, again.name, again.consent, again.enrolment) == (Step.PLACE, "Ada", CONSENT, None)


def test_who_walks_away_is_forgotten(stage):
    stage.to_place()
    stage.show(face(), times=9)
    assert stage.show(times=round(kiosk.NOBODY_S / STEP_S) + 2).step is Step.WELCOME


@pytest.mark.parametrize(("at", "wait_s"), [("consent", kiosk.READING_S), ("name", kiosk.IDLE_S)])
def test_an_idle_screen_goes_back_to_the_start(stage, at, wait_s):
    stage.do(kiosk.begin)
    if at == "name":
        stage.do(kiosk.agree, CONSENT)
    stage.wait(wait_s - 1)
    assert kiosk.idle_left_s(stage.visit, stage.now_s) == pytest.approx(1)
    stage.do(kiosk.touch)
    assert stage.wait(wait_s - 1).step is not Step.WELCOME
    assert stage.wait(2).step is Step.WELCOME


def test_another_face_does_not_verify(stage):
    stage.to_verify()
    problem = stage.show(face(who=3), times=round(kiosk.VERIFY_S / STEP_S) + 2)
    assert (problem.step, problem.problem) == (Step.PROBLEM, "again")


@pytest.mark.parametrize("live", [False, None])
def test_only_a_live_face_verifies(stage, live):
    stage.to_verify()
    assert stage.show(face(live=live), times=10).step is not Step.STORE


def test_who_resembles_somebody_else_more_does_not_verify(stage):
    stage.to_verify()
    assert stage.show(face(other=1.01), times=10).step is Step.VERIFY


def test_frames_from_before_the_last_view_do_not_verify(stage):
    stage.to_verify()
    old = Result(FRAME.at(stage.visit.since_s), (face(),))
    for _ in range(20):
        stage.visit = kiosk.see(stage.visit, old)
    assert stage.visit.fresh == ()


def test_a_gallery_that_fails_is_a_problem_to_retry(stage):
    stage.to_verify()
    stage.show(face(), times=8)
    failed = stage.do(kiosk.fail, stage.visit.number, "gallery")
    assert (failed.step, failed.problem) == (Step.PROBLEM, "gallery")


# -------------------------------------------------------------------------------------------------------- duplicates


def test_who_is_enrolled_is_told_so_and_can_be_let_on(stage):
    stage.to_check()
    known = stage.do(kiosk.checked, stage.visit.number, "Bob")
    assert (known.step, known.known_as) == (Step.DUPLICATE, "Bob")
    assert kiosk.allow(known, stage.now_s).step is Step.VERIFY
    assert stage.do(kiosk.cancel).step is Step.WELCOME


def test_the_gallery_is_asked_once_with_the_frontal_view_at_the_given_threshold(stage):
    enrolment = stage.to_check().enrolment
    gallery = Gallery.of(MODEL, [("Bob", axis_vector(0, lean=1.0)[None])])
    cosine = float(axis_vector(0) @ axis_vector(0, lean=1.0))
    assert kiosk.already(enrolment, gallery, MODEL, cosine - 0.01) == "Bob"
    assert kiosk.already(enrolment, gallery, MODEL, cosine + 0.01) == ""
    assert kiosk.already(enrolment, Gallery.empty(MODEL), MODEL, 0.0) == ""


# ----------------------------------------------------------------------------------------------------------- greeting


def greeted(stage, *shown):
    greeting = Greeting()
    for each, times in shown:
        for _ in range(times):
            greeting = greet(greeting, stage.result(*([each] if each else [])))
    return greeting


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([(face(name="Ada"), 8)], Said.KNOWN),
        ([(face(name="Ada"), 3)], Said.LOOKING),
        ([(face(name="Ada", live=None), 30)], Said.LOOKING),
        ([(face(name="Ada", live=False), 30)], Said.FAKE),
        ([(face(), 20)], Said.STRANGER),
        ([(face(), 6)], Said.LOOKING),
        ([(face(quality=0.1), 30)], Said.LOOKING),
        ([(None, 5)], Said.NOBODY),
        ([(face(name="Ada"), 8), (face(name="Ada", live=None), 5)], Said.KNOWN),
        ([(face(name="Ada"), 8), (face(), 1)], Said.LOOKING),
        ([(face(name="Ada"), 8), (face(name="Ada", track=2), 1)], Said.LOOKING),
        ([(face(name="Ada"), 8), (None, 3)], Said.KNOWN),
        ([(face(name="Ada"), 8), (None, 20)], Said.NOBODY),
    ],
)
def test_a_name_is_said_only_of_a_live_face_that_held_it(stage, shown, said):
    greeting = greeted(stage, *shown)
    assert greeting.said is said
    assert greeting.name == ("Ada" if said is Said.KNOWN else "")


def test_names_that_alternate_are_never_said(stage):
    alternating = [(face(name=name), 1) for name in ("Ada", "Bob") * 20]
    assert greeted(stage, *alternating).said is Said.LOOKING


# ----------------------------------------------------------------------------------------------------------- lock-out


def attacked(stage, seconds, live=False, lockout=None, track=1):
    lockout = lockout or Lockout()
    for _ in range(round(seconds / STEP_S)):
        stage.now_s += STEP_S
        lockout = watch(lockout, live, track, stage.now_s)
    return lockout


def shown_pictures(stage, first_track=10):
    """One picture after the other, each a presentation of its own."""
    for number in range(ATTACKS):
        stage.show(face(live=False, track=first_track + number), times=13)
    return stage.visit


def test_repeated_pictures_close_the_kiosk_for_a_while_and_longer_the_next_time(stage):
    assert shown_pictures(stage).step is Step.LOCKED
    assert stage.show(face(name="Ada"), times=10).step is Step.LOCKED
    assert stage.visit.greeting.said is Said.NOBODY
    first_s = stage.visit.lockout.until_s
    stage.wait(first_s - stage.now_s + 0.1)
    assert stage.visit.step is Step.WELCOME
    assert shown_pictures(stage, 20).step is Step.LOCKED
    assert stage.visit.lockout.until_s - stage.now_s > 1.9 * FIRST_LOCK_S


def test_a_picture_in_the_middle_of_an_enrolment_counts_too(stage):
    stage.to_place()
    assert shown_pictures(stage).step is Step.LOCKED
    assert stage.visit.name == ""


def test_somebody_misjudged_closes_the_kiosk_for_nobody_and_is_told_that_it_does_not_work(stage):
    stage.to_place()
    problem = stage.show(face(live=False), times=round(kiosk.PLACE_S / STEP_S) + 2)
    assert (problem.step, problem.problem) == (Step.PROBLEM, "slow")
    assert len(problem.lockout.attacks_s) == 1


def test_a_live_face_that_is_misjudged_now_and_then_is_no_attack(stage):
    lockout = Lockout()
    for _ in range(60):
        lockout = attacked(stage, 1.0, lockout=lockout)
        lockout = attacked(stage, 0.3, live=True, lockout=lockout)  # of the same track
    assert lockout.attacks_s == ()


def test_attacks_far_apart_do_not_close_it(stage):
    lockout = Lockout()
    for track in range(10):
        lockout = attacked(stage, 2.0, lockout=lockout, track=track)
        stage.now_s += 100
    assert not lockout.is_locked(stage.now_s)


# -------------------------------------------------------------------------------------------------------- health line


def test_the_health_line_has_no_names_and_no_numbers_that_are_none():
    gallery = Fault(FaultSource.GALLERY, "Ada and Bob stay unknown.")
    line = health_line(Step.WELCOME, FeedState.STREAMING, Health(picture_fps=29.97), 12, (gallery,), gallery)
    assert (line["state"], line["fps"], line["picture_age_ms"], line["people"]) == ("streaming", 30.0, None, 12)
    assert line["faults"] == ["gallery"]
    assert "Ada" not in str(line)
    camera = Fault(FaultSource.CAMERA, "The camera was unplugged.")
    assert "unplugged" in health_line(Step.WELCOME, None, Health(), 0, (), camera)["last_fault"]


def test_systemd_hears_that_it_lives(tmp_path, monkeypatch):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        tell_systemd("WATCHDOG=1")
        assert systemd.recv(64) == b"WATCHDOG=1"
    tell_systemd("WATCHDOG=1")  # nobody listens any more
    monkeypatch.delenv("NOTIFY_SOCKET")
    tell_systemd("WATCHDOG=1")
