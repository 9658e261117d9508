"""A recording as a film: depth, what was made of it, and colour or infrared, side by side."""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.session import SessionReader
from depthface_app.core.colour import colour_depth, depth_limits
from depthface_app.core.errors import InputError
from depthface_app.core.files import whole_file
from depthface_app.core.frame import Frame
from depthface_app.pipeline.export import denoised_frame

# VP9 plays in browsers, VLC and mpv; where OpenCV was built without it, MPEG-4 part 2, which browsers do not play.
CODECS = ("vp09", "mp4v")
SAMPLES = 12  # frames that the depth scale is taken from, so that colours do not jump
_FPS = (1.0, 120.0)
_INK = (255, 255, 255)
Film = NDArray[np.uint8]

# FFmpeg writes about a damaged film to the console by itself; OpenCV asks for this when it first uses it.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


def export_film(reader: SessionReader, indices: Sequence[int], path: Path) -> int:
    """Write an .mp4: one picture per frame at the recording's usual rate, the true time written on each.

    Returns:
        How many pictures it has.

    Raises:
        InputError: it cannot be written wholly, or OpenCV has no codec for it.
        CameraError: a frame is damaged.
    """
    limits = _limits(reader, indices)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            film = _opened(part, _fps(reader, indices), _picture(reader, indices[0], limits).shape)
            try:
                for index in indices:
                    film.write(_picture(reader, index, limits)[..., ::-1])
            finally:
                film.release()
            _check_whole(part, path, len(indices))
    except OSError as error:
        raise InputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}.") from error
    return len(indices)


def _opened(path: Path, fps: float, shape: tuple[int, ...]) -> cv2.VideoWriter:
    for codec in CODECS:
        film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (shape[1], shape[0]))
        if film.isOpened():
            return film
    raise InputError(f"OpenCV has no codec for {path} here; export PNG and make the film with another program.")


def _check_whole(part: Path, path: Path, wanted: int) -> None:
    """Count the pictures that can be played: OpenCV's writer says nothing of a disk that is full."""
    film, found = cv2.VideoCapture(str(part)), 0
    while film.grab():
        found += 1
    film.release()
    if found != wanted:
        raise InputError(
            f"{path} cannot be written: {found} of its {wanted} pictures can be played; make room on the disk."
        )


def _fps(reader: SessionReader, indices: Sequence[int]) -> float:
    gaps_s = np.diff(reader.times_s[list(indices)])
    usual_s = float(np.median(gaps_s)) if len(gaps_s) else 0.0
    return float(np.clip(round(1 / usual_s, 2), *_FPS)) if usual_s > 0 else 30.0


def _limits(reader: SessionReader, indices: Sequence[int]) -> tuple[float, float]:
    """Near and far ends in mm of one depth scale for the whole film."""
    chosen = [indices[int(place)] for place in np.linspace(0, len(indices) - 1, min(SAMPLES, len(indices)))]
    return depth_limits(np.concatenate([reader.read(index).depth_float().ravel() for index in chosen]))


def _picture(reader: SessionReader, index: int, limits: tuple[float, float]) -> Film:
    """(H, W, 3) uint8 RGB, both sides even, as codecs want them; a pane that this frame lacks is black."""
    frame = reader.read(index)
    panes = [colour_depth(frame.depth_float(), *limits)]
    if reader.with_results:
        result = reader.result(index)
        depth = frame.depth_float() if result is None else denoised_frame(frame, result).depth_mm.copy()
        depth[~(depth > 0)] = np.nan
        panes.append(colour_depth(depth, *limits))
    panes.append(_seen(frame))
    picture = np.hstack(panes)
    picture = picture[: len(picture) // 2 * 2, : picture.shape[1] // 2 * 2].copy()
    text = f"{reader.times_s[index]:.2f} s  frame {index}"
    cv2.putText(picture, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(picture, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return picture


def _seen(frame: Frame) -> Film:
    """Colour, else infrared, else black, in the size of the depth picture."""
    height, width = frame.depth_mm.shape
    if frame.colour is not None:
        return np.asarray(frame.colour, np.uint8)
    if frame.infrared is None:
        return np.zeros((height, width, 3), np.uint8)
    grey = frame.infrared if frame.infrared.dtype == np.uint8 else (frame.infrared >> 8).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
