"""A picture of the window with the frame it shows."""

from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage

from depthface_app.core.errors import InputError
from depthface_app.core.frame import Frame


def save_snapshot(path: Path, image: QImage, frame: Frame | None) -> None:
    """Write `path` (PNG of the window) and, beside it, the frame as .npz in the form that `depthface denoise` reads.

    Raises:
        InputError: if they cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not image.save(str(path)):
            raise OSError(f"{path.name} was not written")
        if frame is not None:
            pinhole = frame.intrinsics
            np.savez_compressed(
                path.with_suffix(".npz"),
                depth_mm=frame.depth_mm,
                fx=pinhole.fx,
                fy=pinhole.fy,
                cx=pinhole.cx,
                cy=pinhole.cy,
            )
    except OSError as error:
        raise InputError(f"The snapshot cannot be saved to {path.parent} ({error}); choose another folder.") from error
