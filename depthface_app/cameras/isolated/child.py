"""What runs inside a camera's own process: it does what it is told, one thing after the other, and answers.

The process ends when the camera is closed or the program is gone, whatever it is doing. It leaves without the usual
farewell of an interpreter, because some SDKs crash while they are unloaded.
"""

import faulthandler
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any

from depthface_app.cameras.base import CameraInfo, CameraState, DepthCamera
from depthface_app.cameras.isolated.frames import pack
from depthface_app.core.errors import CameraError, DepthFaceError
from depthface_app.core.frame import Frame

# Ends a process whose SDK hangs with the interpreter's lock held after its program was killed. Above any patience.
ORPHAN_S = 90.0
LISTEN_S = 5.0

Order = tuple[int, str, tuple[Any, ...]]
Answer = tuple[int, CameraState, CameraInfo | None, Any]


def serve_camera(orders: Connection, memory_name: str, make: Callable[[], DepthCamera], quiet: bool) -> None:
    """Carry out orders (number, method, arguments) on a camera; each is answered with
    (number, state, info, frame or error).

    Args:
        orders: the other end is the program's.
        memory_name: shared memory for one frame.
        make: makes the camera.
        quiet: throw away what the SDK prints.
    """
    _settle_in(quiet)
    camera = make()
    memory = SharedMemory(memory_name)
    while (order := _next(orders)) is not None:
        number, method, arguments = order
        value = _carried_out(getattr(camera, method), arguments, camera.info.name)
        if isinstance(value, Frame):
            value = _carried_out(pack, (value, memory.buf), camera.info.name)
        if not _told(orders, (number, camera.state, None if method == "read" else camera.info, value)):
            break
        if method == "close":
            break
    os._exit(0)


def serve_call(answer: Connection, function: Callable[[], Any], what: str, quiet: bool) -> None:
    """Call a function once and send its value, or the error it raised; `what` is named in errors."""
    _settle_in(quiet)
    _told(answer, _carried_out(function, (), what))
    os._exit(0)


def _settle_in(quiet: bool) -> None:
    """Leave Ctrl-C to the program, and keep its standard output free of what SDKs print."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_the_program, daemon=True).start()
    faulthandler.dump_traceback_later(ORPHAN_S, exit=True)
    if quiet:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.dup2(2, 1)


def _leave_with_the_program() -> None:
    """End this process when the program ends, even one that was killed."""
    program = parent_process()
    if program is not None:
        program.join()
        os._exit(1)


def _next(orders: Connection) -> Order | None:
    """The next order; None once the program is gone."""
    try:
        while True:
            faulthandler.dump_traceback_later(ORPHAN_S, exit=True)
            if orders.poll(LISTEN_S):
                order: Order = orders.recv()
                return order
    except (EOFError, OSError):
        return None


def _told(answer: Connection, value: Any) -> bool:
    """Send it; False if nobody listens any more."""
    try:
        answer.send(value)
    except OSError:
        return False
    return True


def _carried_out(function: Callable[..., Any], arguments: tuple[Any, ...], what: str) -> Any:
    """What the call returns, or the error it raises as a value."""
    try:
        return function(*arguments)
    except DepthFaceError as error:
        return error
    except (Exception, SystemExit) as error:  # noqa: BLE001 - door of the process: whatever an SDK raises is an answer
        return CameraError(f"{what} failed in an unforeseen way ({type(error).__name__}: {error}).")
