"""Addresses that lead from a report into the program: `depthface:inspect?recording=FILE&frame=N`."""

from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from depthface_app.core.errors import InputError

SCHEME, WORK = "depthface", "inspect"


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of one recording."""

    recording: str
    frame: int

    @property
    def link(self) -> str:
        """For a click."""
        return f"{SCHEME}:{WORK}?recording={quote(self.recording)}&frame={self.frame}"

    @property
    def source(self) -> str:
        """For the camera: the recording stands still on that frame."""
        return f"recording:{self.recording}?frame={self.frame}&paused=1"


def moment_of(link: str) -> Moment:
    """What a link leads to. Only recordings can be opened by one, no camera and no address on a network.

    Raises:
        InputError: it is no such link.
    """
    with suppress(ValueError):  # of half a bracket, which begins an address that never ends, or of endless digits
        parts = urlsplit(link)
        values = parse_qs(parts.query)
        recording, frame = values.get("recording", [""])[0], values.get("frame", [""])[0]
        if parts.scheme == SCHEME and parts.path.strip("/") == WORK and recording and frame.isdecimal():
            return Moment(recording, int(frame))
    raise InputError(f"{link} leads nowhere; a link is written {SCHEME}:{WORK}?recording=FILE&frame=NUMBER.")
