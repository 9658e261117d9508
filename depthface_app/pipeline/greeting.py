"""What a kiosk may say to whoever stands before it: a name only when it has held for a while. Pure."""

from dataclasses import dataclass, replace
from enum import Enum

from depthface_app.core.face import FaceResult, Result

LEAST_QUALITY = 0.35  # below this a face shows too little to be called anybody, or a stranger
HOLDS_S = {"known": 0.6, "stranger": 1.5, "fake": 0.6}  # a stranger may be somebody who still comes nearer
FEWEST_RESULTS = 4
FORGOTTEN_S = 1.5  # after the face has gone


class Said(Enum):
    """What stands on the screen."""

    NOBODY = "nobody"
    LOOKING = "looking"
    KNOWN = "known"
    STRANGER = "stranger"
    FAKE = "fake"


@dataclass(frozen=True, slots=True)
class Greeting:
    """What is said now, and what the last results would say.

    name:    of the person, "" for anybody but somebody known
    track:   who is meant
    meant:   what the last result would say, since `since_s` and `results` results in a row
    seen_s:  when a face was there last, the frame's clock
    """

    said: Said = Said.NOBODY
    name: str = ""
    track: int | None = None
    meant: tuple[Said, str] = (Said.NOBODY, "")
    since_s: float = 0.0
    results: int = 0
    seen_s: float = 0.0


def nearest(result: Result) -> FaceResult | None:
    """The face that a kiosk deals with."""
    return min(result.faces, key=lambda face: face.location.distance_mm, default=None)


def greet(greeting: Greeting, result: Result) -> Greeting:
    """The greeting after one more result.

    Nothing that was said of one track is ever said of another, and a name needs a live face in every result it counts.
    """
    now_s, face = result.frame.captured_s, nearest(result)
    if face is None:
        gone = not 0 <= now_s - greeting.seen_s <= FORGOTTEN_S
        return Greeting() if gone else replace(greeting, results=0, since_s=now_s)
    if face.location.track != greeting.track:
        greeting = Greeting(Said.LOOKING, track=face.location.track)
    meant = _meant(face)
    if meant == greeting.meant and greeting.results > 0:
        greeting = replace(greeting, results=greeting.results + 1, seen_s=now_s)
    else:
        greeting = replace(greeting, meant=meant, results=1, since_s=now_s, seen_s=now_s)
    return _spoken(greeting, now_s)


def _meant(face: FaceResult) -> tuple[Said, str]:
    """What this result alone would say."""
    if face.live is False:
        return Said.FAKE, ""
    if face.live is None or face.match is None:
        return Said.LOOKING, ""
    if face.match.name is not None:
        return Said.KNOWN, face.match.name
    return (Said.STRANGER if face.quality >= LEAST_QUALITY else Said.LOOKING), ""


def _spoken(greeting: Greeting, now_s: float) -> Greeting:
    said, name = greeting.meant
    if said is Said.LOOKING:
        return greeting  # turned away for a moment: what was said stays
    holds = greeting.results >= FEWEST_RESULTS and now_s - greeting.since_s >= HOLDS_S[said.value]
    if holds:
        return replace(greeting, said=said, name=name)
    if (said, name) != (greeting.said, greeting.name) and greeting.said is Said.KNOWN:
        return replace(greeting, said=Said.LOOKING, name="")  # a name that is contradicted goes at once
    return greeting
