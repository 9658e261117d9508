"""The doctor names what is wrong and what to do, and never breaks on it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from depthface_app.cameras.base import BackendReport, CameraInfo
from depthface_app.cli import doctor
from depthface_app.cli.doctor import Check, Verdict
from depthface_app.core.errors import ModelError
from tests.fake_models import FakeDenoiser, FakeLocator, FakeRecogniser


def fake_models() -> doctor.Models:
    return doctor.Models(FakeLocator(), FakeDenoiser(), FakeRecogniser())


def broken_models() -> doctor.Models:
    raise ModelError("The locator model is not there.")


def test_a_whole_examination_of_this_machine(tmp_path):
    reports = [BackendReport("simulated", (CameraInfo("simulated:", "Simulated"),))]
    checks = list(doctor.examine(tmp_path / "data", fake_models, lambda: reports))
    assert doctor.is_well(checks), checks
    names = [check.name for check in checks]
    assert names[0] == "machine"
    assert {"numpy", "ONNX Runtime", "providers", "window", "locator", "cameras, simulated", "data folder"} <= set(
        names
    )
    assert len(names) == len(set(names))
    assert not (tmp_path / "data").exists()


def test_only_broken_things_make_it_unwell():
    good, warning = Check("a", Verdict.GOOD, "x"), Check("b", Verdict.WARNING, "y", "do this")
    assert doctor.is_well([good, warning])
    assert not doctor.is_well([good, Check("c", Verdict.BROKEN, "z", "do that")])


def test_a_check_as_json():
    expected = {"name": "b", "verdict": "warning", "found": "y", "advice": "do this"}
    assert Check("b", Verdict.WARNING, "y", "do this").as_json() == expected


def test_missing_models_are_broken_and_say_why():
    (check,) = doctor.check_models(broken_models)
    assert check.verdict is Verdict.BROKEN
    assert check.found == "The locator model is not there."
    assert check.advice


def test_each_model_says_what_it_is_and_where_it_runs():
    checks = list(doctor.check_models(fake_models))
    assert [check.name for check in checks] == ["locator", "denoiser", "recogniser"]
    assert checks[0].found == "fake-locator 1 on CPUExecutionProvider"


def test_a_camera_family_that_is_not_available_is_a_warning_with_its_reason():
    (check,) = doctor.check_backends([BackendReport("realsense", (), "pyrealsense2 is not installed.")])
    assert check.verdict is Verdict.WARNING
    assert check.advice == "pyrealsense2 is not installed."


def test_a_family_with_nothing_plugged_in_is_well():
    (check,) = doctor.check_backends([BackendReport("realsense", ())])
    assert (check.verdict, check.found) == (Verdict.GOOD, "nothing plugged in")


def test_packages_that_are_not_installed_are_broken(monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))
    monkeypatch.setattr(doctor, "RUNTIMES", ("no-such-runtime",))
    broken = [check for check in doctor.check_packages() if check.verdict is Verdict.BROKEN]
    assert [check.name for check in broken] == ["no-such-package", "ONNX Runtime"]


def test_two_runtimes_at_once_are_a_warning(monkeypatch):
    monkeypatch.setattr(doctor, "RUNTIMES", ("numpy", "pytest"))
    (check,) = [check for check in doctor.check_packages() if check.name == "ONNX Runtime"]
    assert check.verdict is Verdict.WARNING


def test_a_display_that_does_not_answer_is_a_warning_since_commands_still_work():
    environment = dict(os.environ, QT_QPA_PLATFORM="xcb", DISPLAY=":987")
    check = doctor.check_window(environment)
    assert check.verdict is Verdict.WARNING
    assert "DISPLAY" in check.advice


def test_a_missing_library_is_named(monkeypatch):
    program = "raise ImportError('libEGL.so.1: cannot open shared object file: No such file or directory')"
    monkeypatch.setattr(doctor, "QT_CHILD", program)
    check = doctor.check_window(os.environ)
    assert check.verdict is Verdict.BROKEN
    assert check.found == "Qt cannot load libEGL.so.1"


def test_a_qt_that_hangs_is_broken(monkeypatch):
    monkeypatch.setattr(doctor, "QT_CHILD", "import threading; threading.Event().wait()")
    monkeypatch.setattr(doctor, "QT_PATIENCE_S", 0.2)
    assert doctor.check_window(os.environ).verdict is Verdict.BROKEN


@pytest.fixture
def usb(tmp_path: Path) -> tuple[Path, Path]:
    """A mouse and a RealSense camera, as the kernel lists them."""
    devices, nodes = tmp_path / "devices", tmp_path / "nodes"
    for port, name, number in (("1-1", "Mouse", 4), ("2-3", "Intel(R) RealSense(TM) Depth Camera 435i", 7)):
        (devices / port).mkdir(parents=True)
        (devices / port / "product").write_text(name + "\n")
        (devices / port / "busnum").write_text("2\n")
        (devices / port / "devnum").write_text(f"{number}\n")
    (nodes / "002").mkdir(parents=True)
    return devices, nodes


def test_a_camera_that_may_not_be_opened_asks_for_the_rule(usb):
    (check,) = doctor.check_usb_rights(*usb)
    assert check.verdict is Verdict.BROKEN
    assert "435i" in check.found
    rule = next(word for word in check.advice.split() if word.endswith(".rules"))
    assert (Path(__file__).parents[2] / rule).is_file()


def test_a_camera_that_may_be_opened_is_well(usb):
    devices, nodes = usb
    (nodes / "002" / "007").touch()
    (check,) = doctor.check_usb_rights(devices, nodes)
    assert check.verdict is Verdict.GOOD


def test_no_camera_no_line(tmp_path):
    assert list(doctor.check_usb_rights(tmp_path / "nothing", tmp_path)) == []


def test_a_data_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    assert doctor.check_data_folder(tmp_path / "file" / "data").verdict is Verdict.BROKEN


def test_a_data_folder_that_cannot_be_written(tmp_path, monkeypatch):
    # Root may write everywhere, so the kernel's answer is replaced.
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert doctor.check_data_folder(tmp_path / "data").verdict is Verdict.BROKEN


def test_a_disk_that_is_nearly_full(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "ENOUGH_SPACE_GB", 1e9)
    check = doctor.check_data_folder(tmp_path)
    assert check.verdict is Verdict.WARNING
    assert "room" in check.advice


def test_importing_it_does_not_bring_qt():
    program = "import sys, depthface_app.cli.doctor; sys.exit('PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2]).returncode == 0
