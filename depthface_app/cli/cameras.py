"""`depthface cameras`: what is plugged in, and why a camera family is not available."""

from dataclasses import asdict
from typing import Annotated

import typer

from depthface_app.build import Setup, list_cameras
from depthface_app.cli.saying import progress, say, say_json


def cameras(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One JSON object per family.")] = False
) -> None:
    """List cameras, per family, and why a family is not available."""
    setup: Setup = ctx.obj
    with progress("looking for cameras"):
        reports = list_cameras(setup.settings)
    for report in reports:
        if as_json:
            say_json(asdict(report))
            continue
        say(f"{report.backend}: {report.problem or ('' if report.cameras else 'nothing plugged in')}".rstrip())
        for camera in report.cameras:
            say(f"  {camera.source}  {camera.name}{'  ' if camera.detail else ''}{camera.detail}")
        say(f"  tried with: {report.exercised}")
