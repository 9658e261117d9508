"""`depthface bench`: how fast this machine is."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from depthface_app.build import Setup, build_models, camera_maker
from depthface_app.cli.saying import progress, say, say_json
from depthface_app.core.errors import CameraError
from depthface_app.inference.session import automatic_threads
from depthface_app.pipeline.benchmark import measure

SOURCE = "simulated:?sensor=kinect1&people=1"  # one face at 640×480
FIRST_PICTURE_LIMIT_S = 90.0


def bench(
    ctx: typer.Context,
    source: Annotated[str, typer.Option("--source", "-s", help="What to look at meanwhile.")] = SOURCE,
    seconds: Annotated[float, typer.Option(min=1, help="How long to measure.")] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure milliseconds per stage, pictures and identities per second, and how old both are when they are ready."""
    setup: Setup = ctx.obj
    with progress("measuring"):
        first_s = first_picture_s(setup, source)
        models = build_models(setup.settings)
        figures = measure(camera_maker(setup.settings, source), models, seconds).figures()
    figures |= {
        "first_picture_s": first_s,
        "provider": models.provider,
        "threads": setup.settings.threads or automatic_threads(),
        "source": source,
    }
    if as_json:
        say_json(figures)
    else:
        _tell(figures)


def first_picture_s(setup: Setup, source: str) -> float:
    """Seconds from starting the program to the end of its window's first picture, in a process of its own, off-screen.

    The second of two starts, since the first one also warms the disk's cache. It includes loading the networks,
    recognising that picture and saving a screenshot of it, so the person at the screen sees it a little sooner.

    Raises:
        CameraError: if the window does not come up.
    """
    with tempfile.TemporaryDirectory() as folder:
        return min(_one_start(setup, source, Path(folder)) for _ in range(2))


def _one_start(setup: Setup, source: str, folder: Path) -> float:
    command = [sys.executable, "-m", "depthface_app", "--data-dir", str(setup.data_dir)]
    command += ["--threads", str(setup.settings.threads)] if setup.settings.threads else []
    command += ["--provider", setup.settings.provider] if setup.settings.provider else []
    command += ["app", "--source", source, "--frames", "1", "--screenshot", str(folder / "first.png")]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    begun_s = time.monotonic()
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=FIRST_PICTURE_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CameraError(f"The window did not show a picture within {FIRST_PICTURE_LIMIT_S:.0f} s.") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise CameraError(f"The window did not come up: {said[-1] if said else 'it said nothing'}")
    return time.monotonic() - begun_s


def _tell(figures: dict[str, Any]) -> None:
    for name, spread in figures["stages_ms"].items():
        say(f"{name:8} {spread['median']:7.2f} ms   95 %: {spread['p95']:7.2f} ms")
    age, identity_age = figures["picture_age_ms"], figures["identity_age_ms"]
    say(f"pictures   {figures['picture_fps']:.1f} fps, {age['median']:.1f} ms old, 99 %: {age['p99']:.1f} ms")
    say(
        f"identities {figures['identity_hz']:.1f} Hz, {identity_age['median']:.1f} ms old, "
        f"95 %: {identity_age['p95']:.1f} ms"
    )
    say(f"first picture after {figures['first_picture_s']:.2f} s")
    say(f"{figures['provider']}, {figures['threads']} threads, {figures['source']}, {figures['frames']} frames")
