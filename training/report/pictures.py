"""Rows of pictures: the clean face, what the sensor delivers, what each method makes of it, and the error in mm."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import LightSource
from matplotlib.figure import Figure as Canvas
from numpy.typing import NDArray

from depthface_app.core.crop import DEPTH_RANGE_MM, SIZE_PX, WINDOW_MM
from training.arrays import read_arrays

STEP_MM = WINDOW_MM / SIZE_PX
SCALES_MM = (1.0, 2.0, 5.0, 10.0, 20.0)
LIGHT = LightSource(azdeg=315, altdeg=50)
NOTHING = "#f2f2f2"


def relief(value: NDArray[np.float32]) -> NDArray[np.float64]:
    """(S, S) shade 0 to 1 of depth in network range lit from the upper left; NaN where there is none."""
    height_mm = -value.astype(np.float64) * DEPTH_RANGE_MM
    shade = LIGHT.hillshade(np.nan_to_num(height_mm, nan=-DEPTH_RANGE_MM), dx=STEP_MM, dy=STEP_MM)
    return np.where(np.isnan(value), np.nan, shade)


def error_scale_mm(error_mm: NDArray[np.floating]) -> float:
    """The round number that nine of ten errors stay within."""
    wanted = float(np.nanpercentile(np.abs(error_mm), 90))
    return next((scale for scale in SCALES_MM if scale >= wanted), SCALES_MM[-1])


def shown_methods(examples: dict[str, NDArray], denoising: dict[str, Any], generator: str, sensor: str) -> list[str]:
    """Raw, the filter with the least RMSE in this cell, and every network."""
    cell = denoising[generator][sensor]
    best = min(denoising["filters"], key=lambda name: cell[name]["rmse_mm"])
    wanted = ["raw", best, *denoising["networks"]]
    return [name for name in wanted if f"method {name}" in examples]


def row(examples: dict[str, NDArray], methods: list[str], k: int, title: str) -> bytes:
    """PNG of one face: relief above, signed error below, one column per method after the clean one."""
    truth, judged = examples["truth"][k], examples["judged"][k]
    values = {name: examples[f"method {name}"][k] for name in methods}
    errors = {name: np.where(judged, (v - truth) * DEPTH_RANGE_MM, np.nan) for name, v in values.items()}
    scale = error_scale_mm(errors[methods[0]])
    canvas = Canvas(figsize=(1.75 * (1 + len(methods)) + 0.7, 3.9), dpi=110, layout="constrained")
    grid = canvas.subplots(2, 1 + len(methods), squeeze=False)
    clean = np.where(np.abs(truth) < 1, truth, np.float32(np.nan))
    for column, (name, value) in enumerate({"clean": clean, **values}.items()):
        _picture(grid[0, column], relief(value), name, cmap="gray", vmin=0, vmax=1)
        if column:
            error = errors[name]
            label = f"RMSE {np.sqrt(np.nanmean(error**2)):.2f} mm"
            drawn = _picture(grid[1, column], error, label, cmap="RdBu_r", vmin=-scale, vmax=scale)
    grid[1, 0].axis("off")
    grid[1, 0].text(0.0, 0.5, title, transform=grid[1, 0].transAxes, va="center", fontsize=8)
    bar = canvas.colorbar(drawn, ax=grid[1, 1:].tolist(), extend="both", pad=0.01)
    bar.set_label("error, mm\n− nearer, + further", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    out = io.BytesIO()
    canvas.savefig(out, format="png")
    return out.getvalue()


def _picture(axes: Any, picture: NDArray, title: str, **how: Any) -> Any:
    axes.set_title(title, fontsize=8)
    axes.set_facecolor(NOTHING)
    axes.set_xticks([])
    axes.set_yticks([])
    return axes.imshow(picture, interpolation="nearest", **how)


def rows_of(work: Path, denoising: dict[str, Any], generator: str, sensor: str) -> list[bytes]:
    """The example rows of one cell, none where its pictures are not in the work folder."""
    path = work / f"examples_{generator}_{sensor}.npz"
    if not path.is_file():
        return []
    examples = read_arrays(path)
    methods = shown_methods(examples, denoising, generator, sensor)
    out = []
    for k, nose_mm in enumerate(examples["nose_mm"]):
        held_out = "\n(held out)" if sensor == denoising["held_out_sensor"] else ""
        title = f"{sensor}{held_out}\nperson {k + 1}\nnose {nose_mm[2] / 1000:.2f} m away\nsimulated"
        out.append(row(examples, methods, k, title))
    return out
