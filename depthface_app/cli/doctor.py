"""`depthface doctor`: is everything there that the program needs, and if not, what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from depthface_app.cameras.base import BackendReport
from depthface_app.cli.checks import Check, Verdict
from depthface_app.cli.first_pictures import check_pictures
from depthface_app.cli.usb import check_connections
from depthface_app.core.errors import DepthFaceError
from depthface_app.core.frame import Frame
from depthface_app.gallery.keys import FILE
from depthface_app.gallery.vault import lock_of
from depthface_app.inference.session import automatic_threads, available_providers
from depthface_app.pipeline.stages import Models, Network

ENOUGH_SPACE_GB = 2.0  # about ten minutes of recording
QT_PATIENCE_S = 60.0
QT_CHILD = "from PySide6.QtGui import QGuiApplication; print(QGuiApplication([]).platformName())"
FIRMWARE_ADVICE = {
    "realsense": "Update it with the RealSense Viewer or rs-fw-update.",
    "orbbec": "Update it with the Orbbec Viewer.",
}
PACKAGES = ("numpy", "opencv-python", "PySide6_Essentials")
RUNTIMES = ("onnxruntime-gpu", "onnxruntime")


def examine(
    data_folder: Path,
    load_models: Callable[[], Models],
    find_cameras: Callable[[], Sequence[BackendReport]],
    look: Callable[[str], Sequence[Frame]],
) -> Iterator[Check]:
    """Look at everything, cheapest first; each check is handed out as soon as it is done.

    Args:
        data_folder: the user's.
        load_models: opens every network.
        find_cameras: lists what is plugged in.
        look: some frames of a source.
    """
    yield check_machine()
    yield from check_packages()
    yield check_window(os.environ)
    yield from check_models(load_models)
    reports = find_cameras()
    yield from check_backends(reports)
    yield from (check for _, check in check_connections(reports))
    yield from (check for _, check in check_firmware(reports))
    yield from (check for _, check in check_pictures(reports, look))
    yield check_data_folder(data_folder)


def is_well(checks: Sequence[Check]) -> bool:
    """Whether nothing found keeps the program from working."""
    return all(check.verdict is not Verdict.BROKEN for check in checks)


def check_machine() -> Check:
    """Python, system and cores."""
    found = f"Python {sys.version.split()[0]} on {sys.platform}, {automatic_threads()} threads per network"
    return Check("machine", Verdict.GOOD, found)


def check_packages() -> Iterator[Check]:
    """The libraries the program stands on, with their versions."""
    for name in PACKAGES:
        yield _package(name, installed(name))
    runtimes = [f"{name} {number}" for name in RUNTIMES if (number := installed(name))]
    if len(runtimes) > 1:
        advice = "Both bring the same files; uninstall both and install one."
        yield Check("ONNX Runtime", Verdict.WARNING, " and ".join(runtimes), advice)
    else:
        yield _package("ONNX Runtime", runtimes[0] if runtimes else "")
    yield Check("providers", Verdict.GOOD, ", ".join(available_providers()))


def installed(package: str) -> str:
    """Version of an installed distribution, "" when it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _package(name: str, found: str) -> Check:
    if found:
        return Check(name, Verdict.GOOD, found)
    return Check(
        name, Verdict.BROKEN, "not installed", "Run `python3 depthface.py demo` again, or pip install depthface."
    )


def check_window(environment: Mapping[str, str]) -> Check:
    """Start Qt in a child, since Qt ends the whole process when a library or the display is missing."""
    if getattr(sys, "frozen", False):
        return Check("window", Verdict.GOOD, "Qt is part of this program")
    command = [sys.executable, "-c", QT_CHILD]
    try:
        child = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=QT_PATIENCE_S)
    except subprocess.TimeoutExpired:
        advice = "The display does not answer; check DISPLAY, or set QT_QPA_PLATFORM=offscreen."
        return Check("window", Verdict.BROKEN, f"Qt did not start within {QT_PATIENCE_S:.0f} s", advice)
    if child.returncode == 0:
        return Check("window", Verdict.GOOD, f"Qt starts on “{child.stdout.strip()}”")
    return _window_problem(child.stderr)


def _window_problem(said: str) -> Check:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    missing = [line for line in lines if "cannot open shared object file" in line]
    if missing:
        library = missing[0].split("ImportError: ")[-1].split(":")[0]
        advice = f"Install the system library {library}; `python3 depthface.py demo` names its package."
        return Check("window", Verdict.BROKEN, f"Qt cannot load {library}", advice)
    advice = "Commands work without a display; for the window check DISPLAY, or set QT_QPA_PLATFORM=offscreen."
    return Check("window", Verdict.WARNING, lines[0] if lines else "Qt does not start", advice)


def check_models(load_models: Callable[[], Models]) -> Iterator[Check]:
    """Open every network once, as the window does."""
    try:
        models = load_models()
    except DepthFaceError as error:
        yield Check(
            "models", Verdict.BROKEN, str(error), "Restore assets/models, or name another file in the settings."
        )
        return
    providers = set()
    for name in ("locator", "denoiser", "recogniser"):
        network: Network = getattr(models, name)
        providers.add(network.provider)
        yield Check(name, Verdict.GOOD, f"{network.card.identity} on {network.provider}")
    yield from check_fallback(available_providers(), providers)


def check_fallback(offered: Sequence[str], used: Collection[str]) -> Iterator[Check]:
    """A graphics processor with a driver, and networks that run on the processor all the same.

    Args:
        offered: short names of the providers this machine has a driver for, best first.
        used: what ONNX Runtime really runs the networks on.
    """
    if "cuda" in offered and "CPUExecutionProvider" in used:
        yield Check(
            "fallback",
            Verdict.WARNING,
            "there is an NVIDIA graphics processor, but networks run on the CPU",
            "Either `provider` is set to cpu, or CUDA's libraries are missing (ONNX Runtime's page on its CUDA "
            "provider names their versions). The CPU is fast enough for one camera.",
        )


def check_backends(reports: Sequence[BackendReport]) -> Iterator[Check]:
    """One line per camera family; a family that is not available is no fault of the program."""
    for report in reports:
        tried = f" (tried with: {report.exercised})" if report.exercised else ""
        if report.problem:
            yield Check(f"cameras, {report.backend}", Verdict.WARNING, f"not available{tried}", report.problem)
        else:
            found = ", ".join(camera.source for camera in report.cameras) or "nothing plugged in"
            yield Check(f"cameras, {report.backend}", Verdict.GOOD, found + tried)


def check_firmware(reports: Sequence[BackendReport]) -> Iterator[tuple[str, Check]]:
    """(back-end, check) for every camera whose firmware is older than its SDK was made for."""
    for report in reports:
        for camera in report.cameras:
            has, wanted = (camera.settings.get(f"{kind}firmware_version", "") for kind in ("", "recommended_"))
            if _numbers(has) and _numbers(has) < _numbers(wanted):
                found = f"{camera.name} {camera.serial} has firmware {has}; its SDK was made for {wanted}"
                advice = FIRMWARE_ADVICE.get(report.backend, "Update it with the vendor's viewer.")
                yield report.backend, Check("firmware", Verdict.WARNING, found, advice)


def _numbers(version_text: str) -> tuple[int, ...]:
    """The version in parts that can be compared, empty if it is no version."""
    parts = version_text.split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()


def check_gallery(path: Path) -> Iterator[Check]:
    """How the people are sealed, without opening the seal; nothing where nobody has enrolled yet."""
    try:
        lock = lock_of(path)
    except DepthFaceError as error:
        yield Check("gallery", Verdict.BROKEN, str(error), "Restore a backup.")
        return
    if lock is None:
        return
    if lock.kind == FILE:
        advice = (
            "Whoever copies the whole folder can read it; `depthface gallery seal --passphrase` or --keyring ends that."
        )
        yield Check("gallery", Verdict.WARNING, "sealed with a key file beside it", advice)
    else:
        yield Check("gallery", Verdict.GOOD, f"sealed with a {lock.kind}")


def check_data_folder(folder: Path) -> Check:
    """Can people and settings be kept, and is there room to record?"""
    above = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not above.is_dir():
        return Check("data folder", Verdict.BROKEN, f"{above} is a file", "Choose another folder with --data-dir.")
    if not os.access(above, os.W_OK | os.X_OK):
        advice = "Give yourself the right to write there, or choose another folder with --data-dir."
        return Check("data folder", Verdict.BROKEN, f"{folder} cannot be written", advice)
    free_gb = shutil.disk_usage(above).free / 1e9
    found = f"{folder}, {free_gb:.1f} GB free"
    if free_gb < ENOUGH_SPACE_GB:
        return Check("data folder", Verdict.WARNING, found, "Make room before you record.")
    return Check("data folder", Verdict.GOOD, found)
