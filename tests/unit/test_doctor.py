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
from depthface_app.core.frame import Frame
from tests.fake_models import FakeDenoiser, FakeLocator, FakeRecogniser


def fake_models() -> doctor.Models:
    return doctor.Models(FakeLocator(), FakeDenoiser(), FakeRecogniser())


def no_frames(source: str) -> list[Frame]:
    pytest.fail(f"{source} is no camera to be opened")


def broken_models() -> doctor.Models:
    raise ModelError("The locator model is not there.")


def test_a_whole_examination_of_this_machine(tmp_path):
    reports = [BackendReport("simulated", (CameraInfo("simulated:", "Simulated"),))]
    checks = list(doctor.examine(tmp_path / "data", fake_models, lambda: reports, no_frames))
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


def test_what_a_family_was_tried_with_is_said():
    (check,) = doctor.check_backends([BackendReport("azure", (), exercised="a stand-in")])
    assert check.found == "nothing plugged in (tried with: a stand-in)"
    (check,) = doctor.check_backends([BackendReport("azure", (), "no library", "a stand-in")])
    assert check.found == "not available (tried with: a stand-in)"


def camera_with(**settings: str) -> list[BackendReport]:
    return [BackendReport("orbbec", (CameraInfo("orbbec:1", "Femto Bolt", "1", settings=settings),))]


def test_firmware_older_than_the_sdk_was_made_for_is_a_warning():
    reports = camera_with(firmware_version="1.1.2", recommended_firmware_version="1.1.10")
    ((backend, check),) = doctor.check_firmware(reports)
    assert (backend, check.verdict) == ("orbbec", Verdict.WARNING)
    assert check.found == "Femto Bolt 1 has firmware 1.1.2; its SDK was made for 1.1.10"
    assert "Orbbec Viewer" in check.advice


@pytest.mark.parametrize(
    ("has", "wanted"), [("1.1.3", "1.1.3"), ("2.0", "1.1.3"), ("1.1.2", ""), ("", "1.1.3"), ("RD1014", "1.1.3")]
)
def test_firmware_that_is_new_enough_or_unknown_is_not_mentioned(has, wanted):
    assert list(doctor.check_firmware(camera_with(firmware_version=has, recommended_firmware_version=wanted))) == []


def test_networks_on_the_processor_beside_a_graphics_processor_are_a_warning():
    (check,) = doctor.check_fallback(("cuda", "cpu"), {"CPUExecutionProvider"})
    assert check.verdict is Verdict.WARNING
    assert "run on the CPU" in check.found
    assert list(doctor.check_fallback(("cuda", "cpu"), {"CUDAExecutionProvider"})) == []
    assert list(doctor.check_fallback(("cpu",), {"CPUExecutionProvider"})) == []


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
