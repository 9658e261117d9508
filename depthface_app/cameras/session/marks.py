"""Marks: what a person wrote about a moment of a recording, or about the whole of it."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from depthface_app.cameras.session.layout import Messages

TEXT_AT_MOST = 2000  # characters
WHOLE = 0xFFFFFFFF  # in place of a frame's index: the mark is about the whole recording


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Mark:
    """One note.

    frame: index of the frame it stands at, None for a note on the whole recording
    made:  when it was written, ISO 8601
    """

    text: str
    frame: int | None = None
    made: str = field(default_factory=_now)


def to_messages(mark: Mark) -> Messages:
    """The mark as it stands in the file; a text that is too long loses its end."""
    values = {"text": mark.text[:TEXT_AT_MOST], "frame": mark.frame, "made": mark.made}
    return [("/mark", json.dumps(values).encode())]


def from_messages(messages: Messages) -> Mark:
    """The mark that was made into these messages. Raises ValueError, KeyError, TypeError if they are none."""
    values = json.loads(dict(messages)["/mark"])
    frame = values["frame"]
    return Mark(str(values["text"])[:TEXT_AT_MOST], None if frame is None else int(frame), str(values["made"]))
