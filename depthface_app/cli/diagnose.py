"""`depthface doctor`, the command around the checks."""

from itertools import chain, islice
from typing import Annotated

import typer

from depthface_app.build import Setup, build_models, gallery_file, list_cameras
from depthface_app.cli.doctor import check_gallery, examine, is_well
from depthface_app.cli.inputs import started, stream
from depthface_app.cli.saying import say, say_json
from depthface_app.core.frame import Frame

FIRST_FRAMES = 8  # enough for the exposure to settle


def first_frames(setup: Setup, source: str) -> list[Frame]:
    """Some frames of a camera, which is closed again. Raises CameraError."""
    with started(setup, source) as camera:
        return list(islice(stream(camera), FIRST_FRAMES))


def doctor(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
) -> None:
    """Check drivers, permissions, libraries, models, providers and the data folder; say what to do."""
    setup: Setup = ctx.obj
    checks = []
    examined = examine(
        setup.data_dir,
        lambda: build_models(setup.settings),
        lambda: list_cameras(setup.settings),
        lambda source: first_frames(setup, source),
    )
    for check in chain(examined, check_gallery(gallery_file(setup))):
        checks.append(check)
        if not as_json:
            say(f"{check.verdict.value:8}{check.name}: {check.found}")
            if check.advice:
                say(f"        {check.advice}")
    if as_json:
        say_json({"ok": is_well(checks), "checks": [check.as_json() for check in checks]})
    if not is_well(checks):
        raise typer.Exit(1)
