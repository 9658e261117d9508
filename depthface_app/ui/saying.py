"""Which state the window is in, and the words for it. No widgets: values in, values out."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QLocale

from depthface_app.cameras.recorder import RecordingProgress
from depthface_app.core.face import FaceResult, Result
from depthface_app.pipeline.faults import Fault, FaultSource
from depthface_app.pipeline.feed import FeedState
from depthface_app.ui.notices import Message

NEARLY_FULL_BYTES = 1_000_000_000  # about a minute and a half of raw frames; compressed it is several


def _say(text: str) -> str:
    return QCoreApplication.translate("Saying", text)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the window knows about the stream.

    is_opening:  an engine is being built
    problem:     why the last one could not be, ""
    state:       of the engine's feed, None without an engine
    has_picture: a frame of this source was painted
    recognises:  there are networks
    """

    is_opening: bool = False
    problem: str = ""
    state: FeedState | None = None
    faults: tuple[Fault, ...] = ()
    has_picture: bool = False
    recognises: bool = True


def notice_of(now: Situation) -> Message | None:
    """What stands in place of the picture while there is none."""
    if now.problem:
        return Message("circle-alert", _say("This source cannot be opened"), now.problem, "simulate", _simulate_word())
    if now.is_opening:
        return Message("loader", _say("Starting…"), _say("Loading the networks and opening the camera."))
    if now.state in (None, FeedState.STOPPED, FeedState.IDLE):
        text = _say("The camera is off.")
        return Message("video", _say("Stopped"), text, "stream", _say("Start"))
    if now.has_picture:
        return None
    camera = _of(now.faults, FaultSource.CAMERA)
    if camera is not None:
        return Message("unplug", _say("No camera"), camera.message, "simulate", _simulate_word())
    return Message("loader", _say("Waiting for the first picture…"))


def banner_of(now: Situation) -> Message | None:
    """The fault that matters most, over a picture that is or was there."""
    camera, recording = _of(now.faults, FaultSource.CAMERA), _of(now.faults, FaultSource.RECORDING)
    if camera is not None and now.has_picture:
        return _camera_banner(camera, now.state)
    if now.state is FeedState.ENDED and now.has_picture:
        return Message("info", _say("The recording is over"), "", "replay", _say("Play again"))
    if recording is not None:
        return Message("hard-drive", _say("Recording stopped"), recording.message)
    for source, title in (
        (FaultSource.MODEL, _say("A network is missing")),
        (FaultSource.RECOGNISER, _say("Faces cannot be recognised")),
        (FaultSource.GALLERY, _say("The people list has a problem")),
        (FaultSource.SERVER, _say("Shared gallery not followed")),
    ):
        if (fault := _of(now.faults, source)) is not None:
            return Message("cpu" if source is FaultSource.MODEL else "triangle-alert", title, fault.message)
    return None


def _camera_banner(fault: Fault, state: FeedState | None) -> Message:
    if state is FeedState.STREAMING:
        return Message(
            "triangle-alert", _say("The camera sees nothing"), fault.message, "replay", _say("Open it again")
        )
    if state is FeedState.STALLED:
        return Message("triangle-alert", _say("The camera has stalled"), fault.message, "replay", _say("Try now"))
    if fault.recovering:
        return Message("rotate-cw", _say("Camera lost – trying again"), fault.message, "replay", _say("Try now"))
    return Message("unplug", _say("Camera lost"), fault.message, "replay", _say("Try again"))


def _simulate_word() -> str:
    return _say("Use the simulated camera")


def _of(faults: tuple[Fault, ...], source: FaultSource) -> Fault | None:
    return next((fault for fault in faults if fault.source is source), None)


def state_word(now: Situation) -> str:
    """The stream's state in a word."""
    if now.is_opening:
        return _say("starting")
    words = {
        None: _say("stopped"),
        FeedState.IDLE: _say("stopped"),
        FeedState.STARTING: _say("starting"),
        FeedState.CONNECTED: _say("connected"),
        FeedState.STREAMING: _say("streaming"),
        FeedState.STALLED: _say("stalled"),
        FeedState.PAUSED: _say("paused"),
        FeedState.LOST: _say("lost"),
        FeedState.RECOVERING: _say("recovering"),
        FeedState.FAILED: _say("no camera"),
        FeedState.ENDED: _say("ended"),
        FeedState.STOPPED: _say("stopped"),
    }
    return words[now.state]


def lamp_of(now: Situation, is_paused: bool, fps: float, recording: RecordingProgress | None) -> tuple[str, bool, bool]:
    """(word, pictures come, recording) of the lamp beside the source."""
    word, is_live = state_word(now), now.state is FeedState.STREAMING
    if recording is not None:
        minutes, seconds = divmod(int(recording.duration_s), 60)
        size = QLocale().toString(recording.size_bytes / 1e6, "f", 1)
        return _say("rec {0}:{1:02d}  {2} MB").format(minutes, seconds, size), True, True
    if is_paused:
        return _say("paused"), False, False
    if is_live and not math.isnan(fps):
        word = _say("{0} {1} fps").format(word, round(fps))
    return word, is_live, False


def disk_note(free_bytes: int) -> Message | None:
    """A warning while a recording runs and the disk is nearly full."""
    if free_bytes > NEARLY_FULL_BYTES:
        return None
    left = QLocale().toString(free_bytes / 1e6, "f", 0)
    text = _say("{0} MB are left; stop the recording or make room.").format(left)
    return Message("hard-drive", _say("The disk is nearly full"), text, "record", _say("Stop recording"))


def is_still(now: Situation) -> bool:
    """Whether the picture, if there is one, is no longer the present."""
    return not now.has_picture or now.state not in (FeedState.STREAMING, FeedState.PAUSED)


def nobody_word(now: Situation) -> str:
    """What stands where the name would."""
    if is_still(now):
        return _say("No picture")
    return _say("No face") if now.recognises else _say("No networks")


def chosen_face(result: Result | None, track: int | None) -> FaceResult | None:
    """The face with that track number, else the nearest one, else None."""
    if result is None or not result.faces:
        return None
    same = [face for face in result.faces if track is not None and face.location.track == track]
    return same[0] if same else min(result.faces, key=lambda face: face.location.distance_mm)


def next_track(result: Result | None, track: int | None) -> int | None:
    """The track after this one, from left to right and round again."""
    if result is None or not result.faces:
        return None
    tracks = [f.location.track for f in sorted(result.faces, key=lambda face: face.location.nose_px[0])]
    return tracks[(tracks.index(track) + 1) % len(tracks)] if track in tracks else tracks[0]


def where_to_stand(now: Situation) -> str:
    """What to do when there is a picture and nobody in it."""
    if is_still(now) or not now.recognises:
        return ""
    return _say("Stand 0.4 to 1.2 m away and look at the camera.")
