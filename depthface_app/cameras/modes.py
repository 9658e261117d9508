"""Depth modes of a camera - width, height, frames per second - and what was asked for."""

from collections.abc import Iterable

from depthface_app.cameras.base import StreamRequest
from depthface_app.core.errors import CameraError

Size = tuple[int, int, int]
Asked = tuple[int | None, int | None, int | None]


def asked_of(request: StreamRequest) -> Asked:
    """Size and rate that a request names; None where it leaves the choice."""
    return request.width, request.height, request.fps


def fits(size: Size, asked: Asked) -> bool:
    """Whether a mode has every value that was asked for."""
    return all(want is None or want == has for want, has in zip(asked, size, strict=True))


def distance(size: Size, usual: Size) -> tuple[int, int]:
    """How far a mode is from the usual one: in pixels first, then in frames per second."""
    return abs(size[0] * size[1] - usual[0] * usual[1]), abs(size[2] - usual[2])


def no_such_mode(name: str, asked: Asked, offered: Iterable[Size]) -> CameraError:
    """The error of a camera that has no mode as asked."""
    width, height, fps = (value or "any" for value in asked)
    modes = ", ".join(f"{size[0]}x{size[1]} at {size[2]}" for size in sorted(set(offered)))
    return CameraError(f"{name} has no depth mode {width}x{height} at {fps} Hz; it offers {modes or 'none'}.")


def check_only_mode(name: str, asked: Asked, only: Size) -> None:
    """Raise CameraError unless the one mode of a camera fits."""
    if not fits(only, asked):
        width, height, fps = (want or has for want, has in zip(asked, only, strict=True))
        raise CameraError(
            f"{name} delivers {only[0]}x{only[1]} at {only[2]} Hz only, not {width}x{height} at {fps} Hz."
        )
