"""The spectrum of roughness of a run, from a few frames spread evenly over it."""

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.metrics.spectrum import noise_spectrum
from depthface_app.pipeline.inspection.figures import on_the_face
from depthface_app.pipeline.runs.plan import Read
from depthface_app.pipeline.runs.report.worst import pair_at
from depthface_app.pipeline.runs.results import Run
from depthface_app.pipeline.runs.work import Tools

FRAMES = 12

Values = NDArray[np.float64]


def mean_roughness(run: Run, tools: Tools, read: Read) -> tuple[Values, Values, Values, int]:
    """Wavelengths (B,) in mm, standard deviation (B,) in mm on either side, and the number of frames, 0 if none.

    Raises:
        ModelError: a network fails.
    """
    rows = [(each, row.index) for each in run.inputs for row in each.rows if row.faces]
    chosen = [rows[k] for k in np.unique(np.linspace(0, len(rows) - 1, FRAMES).round().astype(int))] if rows else []
    sides: tuple[list[Values], list[Values]] = ([], [])
    wavelength_mm = np.zeros(0)
    for inspected, index in chosen:
        pair = pair_at(inspected, index, tools, read)
        if pair is None:
            continue
        judged = on_the_face(pair)
        found = [noise_spectrum(face.depth_mm, judged) for face in pair.faces]
        for powers, each in zip(sides, found, strict=True):
            if each is not None:
                powers.append(each.power_mm2)
                wavelength_mm = each.wavelength_px * pair.crop.window_mm / pair.crop.depth_mm.shape[0]
    if not all(sides):
        return (wavelength_mm,) * 3 + (0,)
    first, second = (np.sqrt(np.mean(powers, 0)) for powers in sides)
    return wavelength_mm, first, second, min(map(len, sides))
