"""`depthface app`: the window."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from depthface_app.build import Setup, enrol_demonstration, run_window
from depthface_app.cli.saying import counted


def show_window(
    ctx: typer.Context,
    source: Annotated[str | None, typer.Option("--source", "-s", help="What to look at, e.g. realsense:")] = None,
    kiosk: Annotated[
        bool, typer.Option("--kiosk", help="The whole screen, for visitors who enrol themselves.")
    ] = False,
    screenshot: Annotated[Path | None, typer.Option(help="Save the window's picture here and end.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Frames to show before the screenshot.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Simulated people, all but one of them enrolled.")] = False,
) -> None:
    """Open the window."""
    setup: Setup = ctx.obj
    if demo:
        demo_source, steps = enrol_demonstration(setup)
        for _ in counted(steps, "enrolling the demonstration's people"):
            pass
        source = source or demo_source
    if source is not None:
        setup = replace(setup, settings=replace(setup.settings, source=source))
    status = run_window(setup, kiosk=kiosk, screenshot=screenshot, frames=frames)
    raise typer.Exit(status)
