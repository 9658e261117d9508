"""Depth cameras on USB, as the Linux kernel lists them: may they be opened, and are they fast enough?

Nothing is opened here. On other systems the folders do not exist and nothing is found.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from depthface_app.cameras.base import BackendReport
from depthface_app.cli.checks import Check, Verdict

RULES_FILE = "packaging/linux/70-depthface-cameras.rules"
RULES_COMMAND = (
    f"sudo install -m 644 {RULES_FILE} /etc/udev/rules.d/ && sudo udevadm control --reload && sudo udevadm trigger"
)
USB_3_MBITS = 5000.0
SPEED = "USB"
FASTER = "Plug it straight into a USB 3 port with the cable it came with; at USB 2 it has few modes, or none."


@dataclass(frozen=True, slots=True)
class Family:
    """Cameras of one kind on USB.

    backend:    name of their back-end
    vendor:     number of the vendor, four hexadecimal digits
    products:   numbers of what delivers pictures; empty means every product of the vendor
    companions: numbers of what else is in the case and needs less power or speed than the camera itself
    word:       has to be in the product's name, where the vendor makes other things too
    needs_usb_3: whether it cannot work, or only poorly, at USB 2
    """

    backend: str
    name: str
    vendor: str
    products: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    word: str = ""
    needs_usb_3: bool = False


# Sources: librealsense, 99-realsense-libusb.rules; libfreenect, usb_libusb10.h and 51-kinect.rules; libfreenect2,
# 90-kinect2.rules; Azure Kinect sensor SDK, 99-k4a.rules; OrbbecSDK_v2, 99-obsensor-libusb.rules.
FAMILIES = (
    Family("realsense", "RealSense camera", "8086", word="RealSense", needs_usb_3=True),
    Family("kinect1", "Kinect v1", "045e", ("02ae", "02bf"), ("02b0", "02ad", "02c2", "02be", "02c3", "02bb")),
    Family("kinect2", "Kinect v2", "045e", ("02c4", "02d8"), ("02d9",), needs_usb_3=True),
    Family("azure", "Azure Kinect", "045e", ("097c", "097d"), ("097a", "097b", "097e"), needs_usb_3=True),
    Family("orbbec", "Orbbec camera", "2bc5"),
)


@dataclass(frozen=True, slots=True)
class System:
    """Where Linux keeps what is known about USB; other folders in tests.

    devices: the kernel's list of USB devices (sysfs)
    nodes:   device files, BUS/DEVICE
    rules:   folders of udev rules
    """

    devices: Path = Path("/sys/bus/usb/devices")
    nodes: Path = Path("/dev/bus/usb")
    rules: tuple[Path, ...] = (Path("/etc/udev/rules.d"), Path("/usr/lib/udev/rules.d"), Path("/lib/udev/rules.d"))


@dataclass(frozen=True, slots=True)
class Plugged:
    """One USB device; what the kernel does not tell is "" or 0. speed_mbits is that of its present connection."""

    vendor: str
    product: str
    name: str
    node: Path
    speed_mbits: float
    version: str


def check_usb(system: System | None = None) -> Iterator[tuple[str, Check]]:
    """What stands between a camera that is plugged in and its pictures: (back-end, check)."""
    system = system or System()
    plugged = tuple(_plugged_in(system))
    for family in FAMILIES:
        cameras = [device for device in plugged if _is_camera(device, family)]
        parts = [device for device in plugged if device.vendor == family.vendor and device.product in family.companions]
        for camera in cameras:
            yield family.backend, _rights(camera, family, system.rules)
            if _is_slow(camera, family):
                yield family.backend, _slow(camera, family)
        if parts and not cameras:
            yield family.backend, _incomplete(parts, family)


def check_connections(reports: Sequence[BackendReport], system: System | None = None) -> Iterator[tuple[str, Check]]:
    """The same, and on systems without those lists what the cameras' SDKs say about their speed."""
    told = list(check_usb(system))
    yield from told
    noticed = {backend for backend, check in told if check.name == SPEED}
    for report in reports:
        for camera in report.cameras if report.backend not in noticed else ():
            kinds = (camera.settings.get(name, "") for name in ("usb_type_descriptor", "connection_type"))
            if any(kind.upper().removeprefix("USB").startswith("2") for kind in kinds):
                found = f"{camera.name} {camera.serial}".strip() + " runs at USB 2 speed"
                yield report.backend, Check(SPEED, Verdict.WARNING, found, FASTER)


def _plugged_in(system: System) -> Iterator[Plugged]:
    for folder in sorted(system.devices.glob("*")):
        bus, number = _text(folder / "busnum"), _text(folder / "devnum")
        if not (bus.isdigit() and number.isdigit()):
            continue  # an interface of a device, not a device
        try:
            speed_mbits = float(_text(folder / "speed") or 0)
        except ValueError:
            speed_mbits = 0.0
        yield Plugged(
            vendor=_text(folder / "idVendor").lower(),
            product=_text(folder / "idProduct").lower(),
            name=_text(folder / "product"),
            node=system.nodes / f"{int(bus):03d}" / f"{int(number):03d}",
            speed_mbits=speed_mbits,
            version=_text(folder / "version"),
        )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _is_camera(device: Plugged, family: Family) -> bool:
    if family.word:
        return family.word in device.name
    return device.vendor == family.vendor and (not family.products or device.product in family.products)


def _is_slow(device: Plugged, family: Family) -> bool:
    """At USB 2, although it needs USB 3 or says itself, by version 2.1, that it could do better.

    Source: USB 3.2 specification, section 9.6.1: a device that could run faster reports 2.1 when it is not.
    """
    can_more = family.needs_usb_3 or device.version.startswith("2.1")
    return 0 < device.speed_mbits < USB_3_MBITS and can_more


def _label(device: Plugged, family: Family) -> str:
    return device.name or family.name


def _rights(device: Plugged, family: Family, rules: Sequence[Path]) -> Check:
    label = _label(device, family)
    if os.access(device.node, os.R_OK | os.W_OK):
        return Check("rights", Verdict.GOOD, f"{label} may be opened")
    return Check("rights", Verdict.BROKEN, f"{label} may not be opened ({device.node})", _remedy(device, family, rules))


def _remedy(device: Plugged, family: Family, rules: Sequence[Path]) -> str:
    if not any(family.vendor in _text(path).lower() for folder in rules for path in folder.glob("*.rules")):
        return f"No udev rule lets you use it: run `{RULES_COMMAND}`, then plug it in again."
    group = _group(device.node)
    advice = "The udev rule is there: plug the camera in again"
    if group not in ("", "root"):
        advice += f", or, when you work from afar, run `sudo usermod -aG {group} $USER` and log in anew"
    return advice + "."


def _group(node: Path) -> str:
    try:
        return node.group()
    except (OSError, KeyError, NotImplementedError):
        return ""


def _slow(device: Plugged, family: Family) -> Check:
    found = f"{_label(device, family)} runs at USB 2 speed ({device.speed_mbits:g} Mbit/s)"
    return Check(SPEED, Verdict.WARNING, found, FASTER)


def _incomplete(parts: Sequence[Plugged], family: Family) -> Check:
    seen = ", ".join(sorted({_label(part, family) for part in parts}))
    found = f"a {family.name} is plugged in, but only a part of it answers ({seen})"
    port = " and plug it into a USB 3 port" if family.needs_usb_3 else ""
    return Check(
        "power", Verdict.WARNING, found, f"Connect its power supply{port}: its camera gets too little as it is."
    )
