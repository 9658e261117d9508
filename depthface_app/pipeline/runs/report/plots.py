"""Distributions as drawings: for a page in colours that follow its theme, for paper as pixels."""

import io
import re
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure as Canvas
from numpy.typing import NDArray

from depthface_app.core.metrics.catalogue import Figure

BINS = 36
SHOWN_PERCENT = (0.5, 99.5)
INK, LINE, FIRST, SECOND = "#1b1d22", "#dcdfe5", "#b45f06", "#0b62a8"  # on paper; in a page names for its own
IN_A_PAGE = {INK: "currentColor", LINE: "var(--line)", FIRST: "var(--first)", SECOND: "var(--second)"}
ON_PAPER_DPI = 200
STYLE: Any = {
    "font.size": 8, "svg.fonttype": "none", "svg.hashsalt": "depthface", "axes.spines.top": False,
    "axes.spines.right": False, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.edgecolor": INK, "grid.color": LINE, "axes.grid": True, "axes.axisbelow": True,
}  # fmt: skip

Values = NDArray[np.float64]


def distribution(first: Values, second: Values, figure: Figure) -> Canvas:
    """How often a figure had which value on the first and on the second side; NaN = not measured.

    The outermost half percent on either end is left out, so that one odd frame does not squeeze all others.
    """
    with rc_context(STYLE):
        canvas = Canvas(figsize=(3.5, 1.55), layout="constrained")
        axes = canvas.add_subplot()
        known = [values[~np.isnan(values)] for values in (first, second)]
        low, high = np.percentile(np.concatenate(known), SHOWN_PERCENT)
        edges = np.linspace(low, high if high > low else low + 1e-3, BINS + 1).tolist()
        for values, colour in zip(known, (FIRST, SECOND), strict=True):
            if values.size:
                weights = np.full(values.size, 100 / values.size)
                axes.hist(values, edges, weights=weights, color=colour, alpha=0.35)
                axes.hist(values, edges, weights=weights, color=colour, histtype="step", linewidth=1.2)
        axes.set_xlabel(f"{figure.title}, {figure.unit}" if figure.unit else figure.title)
        axes.set_ylabel("% of frames")
        axes.margins(x=0)
        axes.locator_params(axis="x", nbins=5)
        axes.locator_params(axis="y", nbins=4)
    return canvas


def spectrum(wavelength_mm: Values, first_mm: Values, second_mm: Values) -> Canvas:
    """Standard deviation over wavelength, (B,) each, of both sides."""
    with rc_context(STYLE):
        canvas = Canvas(figsize=(3.5, 1.55), layout="constrained")
        axes = canvas.add_subplot()
        for values, colour in ((first_mm, FIRST), (second_mm, SECOND)):
            axes.plot(wavelength_mm, values, color=colour, marker="o", markersize=2.5, linewidth=1.2)
        axes.set(xscale="log", xlabel="wavelength, mm", ylabel="roughness, mm")
        axes.set_xticks([3, 5, 10, 20], ["3", "5", "10", "20"], minor=False)
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
    return canvas


def svg(canvas: Canvas) -> str:
    """A drawing as part of a page, in the page's own colours and type, the same for the same figures."""
    out = io.StringIO()
    with rc_context(STYLE):
        canvas.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    for colour, variable in IN_A_PAGE.items():
        text = text.replace(colour, variable)
    return re.sub(r"font: ([\d.]+px) '[^;\"]*", r"font: \1 inherit; font-family: inherit", text)


def png(canvas: Canvas) -> bytes:
    """The same for paper."""
    out = io.BytesIO()
    with rc_context(STYLE):
        canvas.savefig(out, format="png", dpi=ON_PAPER_DPI)
    return out.getvalue()
