"""Adding a person from a live stream: several poses over several seconds, one instruction at a time. Pure."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import FaceResult, HeadPose, Result
from depthface_app.core.match import unit
from depthface_app.gallery.store import EnrolmentFrame

CAPTURES_PER_POSE = 5
SHORTEST_GAP_S = 0.12  # between two captures, so that they see different noise
GOOD_ENOUGH = 0.5  # capture quality from which a view is kept
SAME_PERSON = 0.3  # cosine below which a face that comes back after a gap counts as somebody else
FORGIVEN_GAP_S = 1.5  # a track that was away for longer must show that it is still the same person

IN_PLACE = "look straight"


@dataclass(frozen=True, slots=True)
class WantedPose:
    """One view that makes the templates, and how to ask for it.

    yaw_deg, pitch_deg: ranges of the head pose
    from_level:         the pitch counts from the person's own frontal view, since the camera may stand high or low
    """

    name: str
    instruction: str
    yaw_deg: tuple[float, float]
    pitch_deg: tuple[float, float]
    from_level: bool = False

    def holds(self, pose: HeadPose, level_deg: float | None) -> bool:
        """Whether a head pose counts as this view; `level_deg` is the pitch of the frontal view, None before it."""
        if self.from_level and level_deg is None:
            return False
        pitch_deg = pose.pitch_deg - (level_deg or 0.0) if self.from_level else pose.pitch_deg
        in_yaw = self.yaw_deg[0] <= pose.yaw_deg <= self.yaw_deg[1]
        return in_yaw and self.pitch_deg[0] <= pitch_deg <= self.pitch_deg[1]


# Left and right are the person's own; a person who faces the camera turns to the picture's right when turning left.
POSES = (
    WantedPose("front", IN_PLACE, (-10, 10), (-20, 20)),
    WantedPose("left", "turn a little left", (12, 40), (-25, 25)),
    WantedPose("right", "turn a little right", (-40, -12), (-25, 25)),
    WantedPose("up", "look up a little", (-25, 25), (-35, -6), from_level=True),
    WantedPose("down", "look down a little", (-25, 25), (6, 35), from_level=True),
)


@dataclass(frozen=True, eq=False, slots=True)
class Capture:
    """One kept view: (D,) float32 unit embedding, its quality, when it was taken on the frame's clock, its pitch.

    frame: what it was made of, to be kept where the person agrees to that
    """

    embedding: NDArray[np.float32]
    quality: float
    taken_s: float
    pitch_deg: float
    frame: EnrolmentFrame | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Enrolment:
    """How far the enrolment of one person is.

    track:       whom it follows; None until the first face
    captures:    the views kept so far, one tuple per wanted pose
    instruction: what the person should do now
    reason:      why nothing is kept at this moment, "" while views are being kept
    """

    poses: tuple[WantedPose, ...] = POSES
    track: int | None = None
    captures: tuple[tuple[Capture, ...], ...] = ((),) * len(POSES)
    instruction: str = IN_PLACE
    reason: str = ""
    last_seen_s: float = 0.0

    @property
    def progress(self) -> float:
        """0 to 1 over all poses."""
        return sum(len(each) for each in self.captures) / (len(self.poses) * CAPTURES_PER_POSE)

    @property
    def done_poses(self) -> tuple[str, ...]:
        """Names of the poses that are complete, for the ring around the face."""
        pairs = zip(self.poses, self.captures, strict=True)
        return tuple(pose.name for pose, captures in pairs if len(captures) >= CAPTURES_PER_POSE)

    @property
    def is_done(self) -> bool:
        """Whether every pose is complete."""
        return len(self.done_poses) == len(self.poses)

    @property
    def is_enough(self) -> bool:
        """Whether the person may stop here: the frontal view is complete."""
        return self.poses[0].name in self.done_poses

    @property
    def level_deg(self) -> float | None:
        """Pitch of the person's frontal view; None until that is complete."""
        return float(np.mean([capture.pitch_deg for capture in self.captures[0]])) if self.is_enough else None

    def templates(self) -> tuple[Capture, ...]:
        """One template per pose that has any views: the direction of their mean, which has less noise than each."""
        return tuple(_mean(each) for each in self.captures if each)


def _mean(captures: tuple[Capture, ...]) -> Capture:
    mean = unit(np.mean([capture.embedding for capture in captures], axis=0))
    quality, pitch_deg = (float(np.mean([getattr(each, key) for each in captures])) for key in ("quality", "pitch_deg"))
    best = max(captures, key=lambda capture: capture.quality)
    return Capture(mean, quality, captures[-1].taken_s, pitch_deg, best.frame)


def advance(enrolment: Enrolment, result: Result) -> Enrolment:
    """The enrolment after one more result; pure, so that it can be replayed."""
    if enrolment.is_done:
        return enrolment
    now_s = result.frame.captured_s
    face = _followed(enrolment, result, now_s)
    if face is None:
        asked = "come into the picture" if not result.faces else "come back alone"
        return replace(enrolment, instruction=asked, reason="there is no face" if not result.faces else "another face")
    enrolment = replace(enrolment, track=face.location.track, last_seen_s=now_s)
    return _with_view(enrolment, face, now_s)


def _followed(enrolment: Enrolment, result: Result, now_s: float) -> FaceResult | None:
    """The face being enrolled: the nearest at first, then the same track, or the same person on a new track."""
    faces = [face for face in result.faces if face.embedding is not None]
    if enrolment.track is None:
        return min(faces, key=lambda face: face.location.distance_mm, default=None)
    same = [face for face in faces if face.location.track == enrolment.track]
    if same:
        return same[0]
    if now_s - enrolment.last_seen_s < FORGIVEN_GAP_S and len(faces) > 1:
        return None
    return next((face for face in faces if _is_same_person(enrolment, face)), None)


def _is_same_person(enrolment: Enrolment, face: FaceResult) -> bool:
    kept = [capture.embedding for captures in enrolment.captures for capture in captures]
    return not kept or (
        face.embedding is not None and max(float(each @ face.embedding) for each in kept) >= SAME_PERSON
    )


def _with_view(enrolment: Enrolment, face: FaceResult, now_s: float) -> Enrolment:
    """Keep the view if it is wanted and good; tell what to do next."""
    open_poses = [i for i, kept in enumerate(enrolment.captures) if len(kept) < CAPTURES_PER_POSE]
    if face.live is False:
        return replace(enrolment, instruction="show your own face", reason="this does not look like a live face")
    if face.quality < GOOD_ENOUGH and face.hint:
        return replace(enrolment, instruction=face.hint, reason="the view is not good enough yet")
    level_deg = enrolment.level_deg
    here = next((i for i in open_poses if enrolment.poses[i].holds(face.location.pose, level_deg)), None)
    if here is None:
        return replace(enrolment, instruction=enrolment.poses[open_poses[0]].instruction, reason="waiting for the turn")
    if face.quality < GOOD_ENOUGH:
        return replace(enrolment, instruction="hold still", reason="the view is not clear enough")
    return _kept(enrolment, here, face, now_s)


def _kept(enrolment: Enrolment, pose: int, face: FaceResult, now_s: float) -> Enrolment:
    kept = enrolment.captures[pose]
    assert face.embedding is not None
    if not kept or now_s - kept[-1].taken_s >= SHORTEST_GAP_S:
        frame = EnrolmentFrame(face.crop, face.location.pose) if face.crop is not None else None
        kept = (*kept, Capture(face.embedding, face.quality, now_s, face.location.pose.pitch_deg, frame))
    captures = (*enrolment.captures[:pose], kept, *enrolment.captures[pose + 1 :])
    instruction = "hold still" if len(kept) < CAPTURES_PER_POSE else _next_instruction(enrolment.poses, captures)
    return replace(enrolment, captures=captures, instruction=instruction, reason="")


def _next_instruction(poses: tuple[WantedPose, ...], captures: tuple[tuple[Capture, ...], ...]) -> str:
    missing = (pose for pose, kept in zip(poses, captures, strict=True) if len(kept) < CAPTURES_PER_POSE)
    return next((pose.instruction for pose in missing), "done")
