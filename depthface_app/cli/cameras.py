"""`depthface cameras`: what is plugged in, and why a camera family is not available."""

from dataclasses import asdict
from typing import Annotated

import typer

from depthface_app.build import Setup, list_cameras
from depthface_app.cli.doctor import check_firmware
from depthface_app.cli.saying import progress, say, say_json
from depthface_app.cli.usb import check_connections


def cameras(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="One JSON object per family.")] = False
) -> None:
    """List cameras, per family, and why a family is not available."""
    setup: Setup = ctx.obj
    with progress("looking for cameras"):
        reports = list_cameras(setup.settings)
    found = [*check_connections(reports), *check_firmware(reports)]
    for report in reports:
        warnings = [check for backend, check in found if backend == report.backend and check.advice]
        if as_json:
            say_json(asdict(report) | {"warnings": [check.as_json() for check in warnings]})
            continue
        say(f"{report.backend}: {report.problem or ('' if report.cameras else 'nothing plugged in')}".rstrip())
        for camera in report.cameras:
            say(f"  {camera.source}  {camera.name}{'  ' if camera.detail else ''}{camera.detail}")
        for check in warnings:
            say(f"  {check.found}: {check.advice}")
        say(f"  tried with: {report.exercised}")
