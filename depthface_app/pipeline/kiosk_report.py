"""What a kiosk tells whoever watches it: one JSON object every ten seconds, and a sign of life for systemd."""

import math
import os
import socket

from depthface_app.gallery.records import now
from depthface_app.pipeline.faults import Fault, FaultSource
from depthface_app.pipeline.feed import FeedState
from depthface_app.pipeline.health import Health
from depthface_app.pipeline.kiosk import Step

EVERY_S = 10.0


def health_line(
    step: Step, state: FeedState | None, health: Health, people: int, standing: tuple[Fault, ...], last: Fault | None
) -> dict[str, object]:
    """The kiosk's state as values for JSON; without names of people.

    Args:
        state: of the camera's feed; None while the program loads.
        people: how many are enrolled.
        standing: faults that stand now.
        last: the last fault there was, standing or not.
    """
    return {
        "at": now(),
        "step": step.value,
        "state": state.value if state is not None else "starting",
        "fps": _known(health.picture_fps),
        "picture_age_ms": _known(health.picture_age_ms),
        "identity_hz": _known(health.identity_hz),
        "identity_age_ms": _known(health.identity_age_ms),
        "people": people,
        "faults": [fault.source.value for fault in standing],
        "last_fault": _said(last),
    }


def _known(value: float) -> float | None:
    return round(value, 1) if math.isfinite(value) else None


def _said(fault: Fault | None) -> str:
    """A fault in words, without the names that one of the gallery may hold."""
    if fault is None:
        return ""
    is_nameless = fault.source not in (FaultSource.GALLERY, FaultSource.SERVER)
    return f"{fault.source.value}: {fault.message}" if is_nameless else f"{fault.source.value}: see `depthface doctor`"


def tell_systemd(word: str) -> None:
    """Send a word ("READY=1", "WATCHDOG=1") to the systemd that started this program; elsewhere do nothing.

    Source: sd_notify(3), the protocol of NOTIFY_SOCKET.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        try:
            line.sendto(word.encode(), address)
        except OSError:
            return  # nobody listens any more; the kiosk goes on
