"""`depthface doctor`: is everything there that the program needs, and if not, what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from depthface_app.cameras.base import BackendReport
from depthface_app.core.errors import DepthFaceError
from depthface_app.gallery.keys import FILE
from depthface_app.gallery.vault import lock_of
from depthface_app.inference.session import automatic_threads, available_providers
from depthface_app.pipeline.stages import Models, Network

USB_DEVICES = Path("/sys/bus/usb/devices")
USB_NODES = Path("/dev/bus/usb")
ENOUGH_SPACE_GB = 2.0  # about ten minutes of recording
QT_PATIENCE_S = 60.0
QT_CHILD = "from PySide6.QtGui import QGuiApplication; print(QGuiApplication([]).platformName())"
PACKAGES = ("numpy", "opencv-python", "PySide6_Essentials")
RUNTIMES = ("onnxruntime-gpu", "onnxruntime")


class Verdict(Enum):
    """How much a finding matters; only BROKEN keeps the program from working."""

    GOOD = "good"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found and, unless it is good, what to do about it."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """The same as plain texts."""
        return {**asdict(self), "verdict": self.verdict.value}


def examine(
    data_folder: Path,
    load_models: Callable[[], Models],
    find_cameras: Callable[[], Sequence[BackendReport]],
) -> Iterator[Check]:
    """Look at everything, cheapest first; each check is handed out as soon as it is done."""
    yield check_machine()
    yield from check_packages()
    yield check_window(os.environ)
    yield from check_models(load_models)
    yield from check_backends(find_cameras())
    yield from check_usb_rights(USB_DEVICES, USB_NODES)
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
    for name in ("locator", "denoiser", "recogniser"):
        network: Network = getattr(models, name)
        yield Check(name, Verdict.GOOD, f"{network.card.identity} on {network.provider}")


def check_backends(reports: Sequence[BackendReport]) -> Iterator[Check]:
    """One line per camera family; a family that is not available is no fault of the program."""
    for report in reports:
        if report.problem:
            yield Check(f"cameras, {report.backend}", Verdict.WARNING, "not available", report.problem)
        else:
            found = ", ".join(camera.source for camera in report.cameras) or "nothing plugged in"
            tried = f" (tried with: {report.exercised})" if report.exercised else ""
            yield Check(f"cameras, {report.backend}", Verdict.GOOD, found + tried)


def check_usb_rights(devices: Path, nodes: Path) -> Iterator[Check]:
    """Linux: a depth camera that is plugged in and that this user may not open.

    Args:
        devices: the kernel's list of USB devices (sysfs).
        nodes: the folder of their device files, BUS/DEVICE.
    """
    for entry in sorted(devices.glob("*/product")):
        name = entry.read_text(encoding="utf-8", errors="replace").strip()
        if "RealSense" not in name:
            continue
        bus, device = (int((entry.parent / part).read_text()) for part in ("busnum", "devnum"))
        node = nodes / f"{bus:03d}" / f"{device:03d}"
        if os.access(node, os.R_OK | os.W_OK):
            yield Check("rights", Verdict.GOOD, f"{name} may be opened")
        else:
            advice = (
                "Copy packaging/linux/70-depthface-realsense.rules to /etc/udev/rules.d and plug the camera in again."
            )
            yield Check("rights", Verdict.BROKEN, f"{name} may not be opened ({node})", advice)


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
