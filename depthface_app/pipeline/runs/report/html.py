"""A report as one page that needs no other file."""

import base64

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from depthface_app.core.assets import asset
from depthface_app.pipeline.runs.comparing import Compared
from depthface_app.pipeline.runs.report.content import Report, line_of
from depthface_app.pipeline.runs.report.plots import svg
from depthface_app.pipeline.runs.report.worst import png, scale_bar


def environment() -> Environment:
    """What sets templates of `assets/report`: everything is escaped, nothing may be missing."""
    made = Environment(
        loader=FileSystemLoader(asset("report")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["svg"] = svg
    made.filters["png"] = lambda picture: base64.b64encode(png(picture)).decode()
    return made


def page(report: Report) -> str:
    """The whole page."""
    return environment().get_template("inspection.html").render(report=report, bar=scale_bar())


def comparison_page(found: Compared) -> str:
    """A comparison as a page."""
    first, second = found.names
    inputs = f"{found.inputs} input" + ("" if found.inputs == 1 else "s")
    facts = f"The first run is {first}, the second {second}. {found.frames:,} frames of {inputs} are in both."
    if any(found.left):
        facts += f" {found.left[0]:,} are in the first only and {found.left[1]:,} in the second only."
    return (
        environment()
        .get_template("comparison.html")
        .render(
            title="Comparison of two runs",
            facts=facts,
            words=found.words,
            lines=[line_of(figure, each) for _, figure, each in found.figures],
            apart=found.apart,
        )
    )
