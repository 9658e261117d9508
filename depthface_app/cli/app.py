"""`depthface app`: the window."""

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from depthface_app.build import Setup, enrol_demonstration, run_window
from depthface_app.cli.saying import counted
from depthface_app.core.links import moment_of


def show_window(
    ctx: typer.Context,
    link: Annotated[
        str | None, typer.Argument(metavar="[LINK]", help="What a report's link says: a recording and a frame.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", "-s", help="What to look at, e.g. realsense:")] = None,
    kiosk: Annotated[
        bool, typer.Option("--kiosk", help="The whole screen, for visitors who enrol themselves.")
    ] = False,
    inspector: Annotated[bool, typer.Option("--inspector", help="Begin in the inspector.")] = False,
    screenshot: Annotated[Path | None, typer.Option(help="Save the window's picture here and end.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Frames to show before the screenshot.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Simulated people, all but one enrolled in a throw-away gallery.")
    ] = False,
) -> None:
    """Open the window."""
    setup: Setup = ctx.obj
    if link is not None and source is not None:
        raise typer.BadParameter("give either a link or --source")
    if link is not None:
        source, inspector = moment_of(link).source, True
    with ExitStack() as until_closed:
        if demo:
            setup = _with_own_gallery(
                setup, until_closed.enter_context(tempfile.TemporaryDirectory(prefix="depthface-"))
            )
            demo_source, steps = enrol_demonstration(setup)
            for _ in counted(steps, "enrolling the demonstration's people"):
                pass
            source = source or demo_source
        if source is not None:
            setup = replace(setup, settings=replace(setup.settings, source=source))
        status = run_window(setup, kiosk=kiosk, inspector=inspector, screenshot=screenshot, frames=frames)
    raise typer.Exit(status)


def _with_own_gallery(setup: Setup, folder: str) -> Setup:
    """The same setup with a gallery of its own: nobody's own people shall meet the demonstration's."""
    return replace(setup, gallery_dir=Path(folder), settings=replace(setup.settings, gallery=None))
