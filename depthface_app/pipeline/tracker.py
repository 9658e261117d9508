"""Faces that keep their number from picture to picture: a value in, a value out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import FaceLocation
from depthface_app.core.match import unit
from depthface_app.pipeline.stillness import NosePath

Point = tuple[float, float, float]

SLACK_MM = 80.0  # how far a nose tip may lie from where it was expected: noise and a nod
FASTEST_MM_S = 1500.0  # a head does not move faster
FORGET_AFTER_S = 1.0  # a face behind a hand keeps its number for this long
FADES_IN_S = 0.8  # after this long an embedding counts 1/e
SAME_PERSON = 0.3  # cosine below which an embedding contradicts what was seen before
LEAST_WEIGHT = 0.05
VELOCITY_SHARE = 0.5  # how much one new movement counts in the velocity


@dataclass(frozen=True, eq=False, slots=True)
class Track:
    """One person followed through the pictures.

    nose_mm:       last seen nose tip, camera axes
    velocity_mm_s: smoothed velocity of the nose tip
    seen_s:        when it was last seen, the frame's clock
    evidence:      (D,) float32 sum of its embeddings, older ones fading; None before the first
    evidence_s:    when the last embedding was added
    relief:        sum and number of its scores of relief, older ones fading
    relief_s:      when the last of them was added
    path:          where its nose tip was over the last seconds
    """

    number: int
    nose_mm: Point
    velocity_mm_s: Point
    seen_s: float
    evidence: NDArray[np.float32] | None = None
    evidence_s: float = 0.0
    relief: tuple[float, float] = (0.0, 0.0)
    relief_s: float = 0.0
    path: NosePath = field(default_factory=NosePath)

    @property
    def speed_mm_s(self) -> float:
        """How fast the nose tip moves."""
        return float(np.linalg.norm(self.velocity_mm_s))

    def expected_mm(self, now_s: float) -> Point:
        """Where the nose tip should be by now, if it kept moving."""
        elapsed = now_s - self.seen_s
        x, y, z = (p + v * elapsed for p, v in zip(self.nose_mm, self.velocity_mm_s, strict=True))
        return x, y, z


@dataclass(frozen=True, eq=False, slots=True)
class Tracks:
    """Everyone who is or just was in the picture.

    following: the tracks, those seen in the last picture and those missed since less than FORGET_AFTER_S
    issued:    the last number given out; numbers are never given twice
    now_s:     clock of the last picture
    segment:   the stretch of the stream that the last picture belongs to
    """

    following: tuple[Track, ...] = ()
    issued: int = 0
    now_s: float = 0.0
    segment: int = 0

    def is_still(self, number: int) -> bool | None:
        """Whether a head has not moved for seconds; None for one that was not watched for long enough."""
        track = next((track for track in self.following if track.number == number), None)
        return track.path.is_still(self.now_s) if track else None

    def speed_mm_s(self, number: int) -> float:
        """How fast a person's nose moves; 0 for one who is not followed."""
        return next((track.speed_mm_s for track in self.following if track.number == number), 0.0)


def continuing(tracks: Tracks, segment: int) -> Tracks:
    """The tracks a picture of that segment may continue: none of another segment. Numbers are not given out again."""
    return tracks if tracks.segment == segment else Tracks(issued=tracks.issued, segment=segment)


def follow(tracks: Tracks, locations: Sequence[FaceLocation], now_s: float) -> tuple[Tracks, tuple[FaceLocation, ...]]:
    """Give every face the number of the track it continues, or a new one.

    Pairs are taken nearest first, which for the few well-parted heads of a scene is the best assignment too.
    When the clock jumps back (a looping recording) everyone is forgotten, since nobody can have moved there.

    Returns:
        The tracks after this picture, and the same locations with their numbers.
    """
    alive = [t for t in tracks.following if 0 <= now_s - t.seen_s <= FORGET_AFTER_S] if now_s >= tracks.now_s else []
    continued = _pairs(alive, locations, now_s)
    issued = tracks.issued
    following, numbered = [], []
    for index, location in enumerate(locations):
        before = continued.get(index)
        issued += before is None
        track = _advanced(before, location, now_s) if before else Track(issued, location.nose_mm, (0, 0, 0), now_s)
        following.append(replace(track, path=track.path.with_place(location.nose_mm, now_s)))
        numbered.append(replace(location, track=track.number))
    seen = {track.number for track in following}
    missed = [track for track in alive if track.number not in seen]
    return Tracks((*following, *missed), issued, now_s, tracks.segment), tuple(numbered)


def _pairs(alive: Sequence[Track], locations: Sequence[FaceLocation], now_s: float) -> dict[int, Track]:
    """Track of each location that continues one, by the location's index."""
    far = [
        (float(np.linalg.norm(np.subtract(location.nose_mm, track.expected_mm(now_s)))), index, track)
        for index, location in enumerate(locations)
        for track in alive
    ]
    pairs: dict[int, Track] = {}
    for distance_mm, index, track in sorted(far, key=lambda each: each[0]):
        reach_mm = SLACK_MM + FASTEST_MM_S * min(now_s - track.seen_s, 0.2)
        free = index not in pairs and all(track is not taken for taken in pairs.values())
        if free and distance_mm <= reach_mm:
            pairs[index] = track
    return pairs


def _advanced(track: Track, location: FaceLocation, now_s: float) -> Track:
    elapsed = now_s - track.seen_s
    if elapsed <= 0:
        return replace(track, nose_mm=location.nose_mm)
    moved = np.subtract(location.nose_mm, track.nose_mm) / elapsed
    x, y, z = (np.array(track.velocity_mm_s) * (1 - VELOCITY_SHARE) + moved * VELOCITY_SHARE).tolist()
    return replace(track, nose_mm=location.nose_mm, velocity_mm_s=(x, y, z), seen_s=now_s)


def remember(
    tracks: Tracks, number: int, embedding: NDArray[np.float32], quality: float
) -> tuple[Tracks, NDArray[np.float32]]:
    """Add what one picture shows of a person to what the last seconds showed.

    Noise, a blink or a turned head move single embeddings; their mean moves less, so a name does not flicker.
    An embedding that contradicts the mean begins it anew: somebody else has taken the place.

    Args:
        embedding: (D,) unit vector of this picture.
        quality: 0 to 1, how much it counts.

    Returns:
        The tracks with it, and the (D,) unit vector to ask the gallery about.
    """
    track = next(each for each in tracks.following if each.number == number)
    fresh = embedding * np.float32(max(quality, LEAST_WEIGHT))
    evidence = fresh if track.evidence is None else _faded(track, embedding, tracks.now_s) + fresh
    known = replace(track, evidence=evidence, evidence_s=tracks.now_s)
    return _with(tracks, known), unit(evidence)


def remember_relief(tracks: Tracks, number: int, score: float | None) -> tuple[Tracks, float | None]:
    """Add how much one picture looked like a face's relief, or nothing, to what the last seconds showed.

    Returns:
        The tracks with it, and the mean score lately; None before the first.
    """
    track = next(each for each in tracks.following if each.number == number)
    if score is not None:
        kept = math.exp(-max(tracks.now_s - track.relief_s, 0.0) / FADES_IN_S)
        total, count = track.relief
        track = replace(track, relief=(total * kept + score, count * kept + 1), relief_s=tracks.now_s)
        tracks = _with(tracks, track)
    total, count = track.relief
    return tracks, total / count if count else None


def _with(tracks: Tracks, changed: Track) -> Tracks:
    following = tuple(changed if each.number == changed.number else each for each in tracks.following)
    return replace(tracks, following=following)


def _faded(track: Track, embedding: NDArray[np.float32], now_s: float) -> NDArray[np.float32]:
    assert track.evidence is not None
    agrees = float(unit(track.evidence) @ embedding) >= SAME_PERSON
    share = np.exp(-max(now_s - track.evidence_s, 0.0) / FADES_IN_S) if agrees else 0.0
    return track.evidence * np.float32(share)
