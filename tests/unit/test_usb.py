"""Depth cameras on USB: what the kernel's lists tell about rights, speed and power. The lists are written here."""

import os
from pathlib import Path

import pytest

from depthface_app.cameras.base import BackendReport, CameraInfo
from depthface_app.cli import usb
from depthface_app.cli.checks import Check, Verdict
from depthface_app.cli.usb import FAMILIES, RULES_COMMAND, RULES_FILE, System, check_connections, check_usb

ROOT = Path(__file__).parents[2]
MOUSE = {"idVendor": "046d", "idProduct": "c077", "product": "USB Optical Mouse", "speed": "1.5"}
REALSENSE = {"idVendor": "8086", "idProduct": "0b3a", "product": "Intel(R) RealSense(TM) Depth Camera 435i"}
KINECT1 = {"idVendor": "045e", "idProduct": "02ae", "product": "Xbox NUI Camera", "speed": "480", "version": " 2.00"}
KINECT1_MOTOR = {"idVendor": "045e", "idProduct": "02b0", "product": "Xbox NUI Motor", "speed": "12"}
BOLT = {"idVendor": "2bc5", "idProduct": "066b", "product": "Orbbec Femto Bolt 3D Camera"}
AZURE_HUB = {"idVendor": "045e", "idProduct": "097b", "product": "Generic USB Hub", "speed": "480"}


class Computer:
    """The folders that Linux keeps about USB, in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.system = System(folder / "devices", folder / "nodes", (folder / "etc", folder / "lib"))
        for path in (self.system.devices, self.system.nodes / "002", *self.system.rules):
            path.mkdir(parents=True)
        (self.system.devices / "2-1:1.0").mkdir()  # an interface, as there are many

    def plug(self, device: dict[str, str], *, usable: bool = True) -> None:
        number = len(list(self.system.devices.glob("*"))) + 1
        folder = self.system.devices / f"2-{number}"
        folder.mkdir()
        for name, text in {"busnum": "2", "devnum": str(number), **device}.items():
            (folder / name).write_text(text + "\n")
        if usable:
            (self.system.nodes / "002" / f"{number:03d}").touch()

    def checks(self) -> list[Check]:
        return [check for _, check in check_usb(self.system)]


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)


def test_nothing_plugged_in_says_nothing(computer: Computer, tmp_path: Path):
    computer.plug(MOUSE)
    assert computer.checks() == []
    assert list(check_usb(System(tmp_path / "no", tmp_path / "such", (tmp_path / "system",)))) == []


@pytest.mark.parametrize("device", [REALSENSE | {"speed": "5000"}, KINECT1, BOLT | {"speed": "10000"}])
def test_a_camera_that_may_be_opened_and_is_fast_enough_is_well(computer: Computer, device):
    computer.plug(MOUSE)
    computer.plug(device)
    (check,) = computer.checks()
    assert check == Check("rights", Verdict.GOOD, f"{device['product']} may be opened")


def test_a_missing_rule_is_advised_with_its_command(computer: Computer):
    computer.plug(REALSENSE, usable=False)
    (check,) = computer.checks()
    assert check.verdict is Verdict.BROKEN
    assert "435i" in check.found
    assert RULES_COMMAND in check.advice


def test_a_rule_without_effect_asks_for_the_group(computer: Computer, monkeypatch):
    (computer.system.rules[1] / "70-depthface-cameras.rules").write_text((ROOT / RULES_FILE).read_text())
    computer.plug(BOLT, usable=False)
    (check,) = computer.checks()
    assert check.advice == "The udev rule is there: plug the camera in again."
    monkeypatch.setattr(Path, "group", lambda _: "plugdev")
    (check,) = computer.checks()
    assert "sudo usermod -aG plugdev $USER" in check.advice


def test_a_node_that_may_only_be_read_is_not_enough(computer: Computer, monkeypatch):
    computer.plug(KINECT1)
    # root may write everywhere, so the kernel's answer is replaced
    monkeypatch.setattr(usb.os, "access", lambda path, mode: mode == os.R_OK)
    (check,) = computer.checks()
    assert check.verdict is Verdict.BROKEN


@pytest.mark.parametrize(
    "device",
    [
        REALSENSE | {"speed": "480"},
        BOLT | {"speed": "480", "version": " 2.10"},
        BOLT | {"speed": "12", "version": "2.10"},
    ],
)
def test_usb_2_instead_of_3_is_a_warning(computer: Computer, device):
    computer.plug(device)
    rights, slow = computer.checks()
    assert rights.verdict is Verdict.GOOD
    assert slow.verdict is Verdict.WARNING
    assert f"USB 2 speed ({device['speed']} Mbit/s)" in slow.found
    assert "USB 3 port" in slow.advice


def test_a_camera_made_for_usb_2_is_not_slow(computer: Computer):
    computer.plug(BOLT | {"idProduct": "0401", "product": "Astra", "speed": "480", "version": " 2.00"})
    assert len(computer.checks()) == 1


@pytest.mark.parametrize(("part", "name"), [(KINECT1_MOTOR, "Kinect v1"), (AZURE_HUB, "Azure Kinect")])
def test_a_camera_without_its_power_supply_is_recognised_by_its_parts(computer: Computer, part, name):
    computer.plug(part)
    (check,) = computer.checks()
    assert check.verdict is Verdict.WARNING
    assert check.found == f"a {name} is plugged in, but only a part of it answers ({part['product']})"
    assert "power supply" in check.advice


def test_parts_beside_their_camera_are_no_finding(computer: Computer):
    computer.plug(KINECT1)
    computer.plug(KINECT1_MOTOR)
    assert [check.verdict for check in computer.checks()] == [Verdict.GOOD]


def test_a_list_that_makes_no_sense_breaks_nothing(computer: Computer):
    computer.plug({"idVendor": "045e", "idProduct": "02ae", "speed": "fast", "version": "\x00", "devnum": "-3"})
    computer.plug({"idVendor": "045e", "idProduct": "02ae", "speed": "fast"})
    (check,) = computer.checks()
    assert check.found == "Kinect v1 may be opened"


def test_findings_are_told_per_back_end(computer: Computer):
    computer.plug(KINECT1)
    computer.plug(BOLT | {"speed": "480", "version": "2.10"})
    assert [backend for backend, _ in check_usb(computer.system)] == ["kinect1", "orbbec", "orbbec"]


@pytest.mark.parametrize("told", [{"usb_type_descriptor": "2.1"}, {"connection_type": "USB2.0"}])
def test_where_there_are_no_lists_the_sdk_tells_the_speed(computer: Computer, told):
    reports = [BackendReport("realsense", (CameraInfo("realsense:1", "D435", "1", settings=told),))]
    ((backend, check),) = check_connections(reports, computer.system)
    assert (backend, check.name, check.found) == ("realsense", "USB", "D435 1 runs at USB 2 speed")
    computer.plug(REALSENSE | {"speed": "480"})
    assert [check.name for _, check in check_connections(reports, computer.system)] == ["rights", "USB"]


@pytest.mark.parametrize(
    "told", [{}, {"usb_type_descriptor": "3.2"}, {"connection_type": "USB3.0"}, {"connection_type": "GMSL2"}]
)
def test_an_sdk_that_tells_nothing_bad_is_not_quoted(computer: Computer, told):
    reports = [BackendReport("orbbec", (CameraInfo("orbbec:1", "Gemini", "1", settings=told),))]
    assert list(check_connections(reports, computer.system)) == []


def test_the_rules_cover_every_number_that_is_looked_for():
    rules = (ROOT / RULES_FILE).read_text()
    for family in FAMILIES:
        assert f'=="{family.vendor}"' in rules
        for product in (*family.products, *family.companions):
            assert product in rules, (family.name, product)
    for line in rules.splitlines():
        assert line.startswith(("#", "ACTION", "SUBSYSTEM", "LABEL")) or not line


def test_the_command_that_installs_the_rules_is_documented():
    assert (ROOT / RULES_FILE).is_file()
    for page in ("packaging/README.md", "README.md", RULES_FILE):
        assert RULES_COMMAND in (ROOT / page).read_text(encoding="utf-8"), page
