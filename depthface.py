#!/usr/bin/env python3
"""Sets DepthFace up in a fresh checkout and starts it: `python3 depthface.py demo` or `python3 depthface.py test`.

Standard library only, on Linux, Windows and macOS, and written so that an old Python still reads it and can say that
it is too old. Everything else is the installed command `depthface`.
"""

import argparse
import ctypes
import hashlib
import importlib.util
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "depthface-setup.json"
PIP_LOG = VENV / "depthface-pip.log"
SCREENSHOT = ROOT / "demo-screenshot.png"
OLDEST, NEWEST = (3, 11), (3, 14)
SCREENSHOT_FRAMES = 60  # two seconds at 30 fps, and time enough on a busy machine

# Shared library -> the Debian package that brings it. Without the first group nothing starts, not even off-screen.
LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libX11.so.6": "libx11-6",
    "libusb-1.0.so.0": "libusb-1.0-0",
}
SCREEN_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-image.so.0": "libxcb-image0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
}
# fakenect plays recorded depth to the library of the Kinect v1, which its package brings along.
TEST_PROGRAMS = {"Xvfb": "xvfb", "xauth": "xauth", "fakenect": "libfreenect-bin"}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


class SetupError(Exception):
    """Setting up cannot go on; the message is one sentence for the person at the terminal."""


def main(arguments=None):
    """Run one command; returns the exit status: 0 done, 1 it failed (said in one sentence), 2 wrong use."""
    parser = argparse.ArgumentParser(prog="depthface.py", description="Sets DepthFace up and starts it.")
    parser.add_argument("command", choices=("demo", "test"), help="demo: open the window; test: run the whole suite")
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command == "demo":
        parser.error("demo takes no further arguments, got: " + " ".join(rest))
    try:
        check_python(sys.version_info, sys.maxsize)
        status = demo() if options.command == "demo" else test(rest)
    except SetupError as problem:
        print(f"depthface.py: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 1 if status < 0 else status  # below 0: a signal ended the program, which no exit status can say


def demo():
    """Open the window on the demonstration; without a screen, save a picture of it."""
    screen = has_screen(os.environ)
    libraries = {**LIBRARIES, **SCREEN_LIBRARIES} if screen else LIBRARIES
    ensure_system(libraries, {})
    python = ensure_environment(())
    environment = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="depthface-demo-") as data_folder:
        command = [str(python), "-m", "depthface_app", "--data-dir", data_folder, "app", "--demo"]
        if screen:
            return subprocess.call(command, cwd=str(ROOT), env=environment)
        say("There is no display here: the same window runs off-screen and its picture is saved.")
        environment["QT_QPA_PLATFORM"] = "offscreen"
        command += ["--screenshot", str(SCREENSHOT), "--frames", str(SCREENSHOT_FRAMES)]
        status = subprocess.call(command, cwd=str(ROOT), env=environment)
    if status == 0:
        say(f"The picture of the window is in {SCREENSHOT}")
    return status


def test(pytest_arguments):
    """Run the whole suite (lint, types and import contracts are tests too), or what `pytest_arguments` choose."""
    ensure_system({**LIBRARIES, **SCREEN_LIBRARIES}, TEST_PROGRAMS)
    python = ensure_environment(("scan", "test", "training"))
    environment = dict(os.environ)
    # Two workers on two cores: a thread pool in each would only get in the other's way.
    # A file stays on one worker, so that its virtual camera or its screen is there once.
    environment.setdefault("OMP_NUM_THREADS", "1")
    command = [str(python), "-m", "pytest", "-n", "2", "--dist", "loadfile"]
    return subprocess.call(command + list(pytest_arguments), cwd=str(ROOT), env=environment)


def say(sentence):
    """Print at once, also into a pipe."""
    print(sentence, flush=True)


# ---------------------------------------------------------------------------------------------- Python and display


def check_python(version, largest_int):
    """Raise SetupError unless this Python can run DepthFace."""
    wanted = "DepthFace needs a 64-bit Python {}.{} to {}.{}".format(*(OLDEST + NEWEST))
    if not OLDEST <= tuple(version[:2]) <= NEWEST:
        raise SetupError(
            f"{wanted}, and this is {version[0]}.{version[1]} ({sys.executable}): "
            "start it with another one, for example `python3.12 depthface.py demo`."
        )
    if largest_int < 2**32:
        raise SetupError(f"{wanted}, and this one is 32-bit ({sys.executable}).")


def has_screen(environment):
    """Tell whether a window can be opened: a display that is named but does not answer would abort Qt."""
    if environment.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "minimal"):
        return False
    if not sys.platform.startswith("linux"):
        return True
    return has_wayland(environment) or has_x_server(environment.get("DISPLAY", ""))


def has_wayland(environment):
    """Tell whether the Wayland compositor named in the environment answers."""
    name = environment.get("WAYLAND_DISPLAY", "")
    folder = environment.get("XDG_RUNTIME_DIR", "")
    return bool(name) and answers(socket.AF_UNIX, os.path.join(folder, name))


def has_x_server(display):
    """Tell whether the X server at `display` ([host]:number[.screen]) answers."""
    found = re.match(r"^(?:unix)?(?P<host>[^:/]*):(?P<number>\d+)(?:\.\d+)?$", display)
    if not found:
        return False
    number = int(found.group("number"))
    if found.group("host"):
        return answers(socket.AF_INET, (found.group("host"), 6000 + number))
    path = f"/tmp/.X11-unix/X{number}"
    return answers(socket.AF_UNIX, path) or answers(socket.AF_UNIX, "\0" + path)


def answers(family, address):
    """Tell whether something listens at this socket address."""
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect(address)
        except OSError:
            return False
    return True


# ------------------------------------------------------------------------------------------------ system libraries


def ensure_system(libraries, programs):
    """Make sure that the system parts Qt, OpenCV and librealsense load are there; Linux only, elsewhere they ship.

    Raises:
        SetupError: parts are missing and could not be installed; the sentence names them.
    """
    if not sys.platform.startswith("linux"):
        return
    missing = missing_packages(libraries, programs)
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise SetupError(
            "System libraries are missing; install what your distribution calls these Debian packages: {}.".format(
                " ".join(missing)
            )
        )
    if os.geteuid() != 0:
        raise SetupError("System libraries are missing; run: sudo apt-get install {}".format(" ".join(missing)))
    install_packages(missing)
    still = missing_packages(libraries, programs)
    if still:
        raise SetupError("apt-get ended well, and yet these are still missing: {}.".format(" ".join(still)))


def missing_packages(libraries, programs):
    """List the Debian packages that are not there, each once, in order."""
    packages = [package for name, package in libraries.items() if not loads(name)]
    packages += [package for name, package in programs.items() if shutil.which(name) is None]
    if importlib.util.find_spec("ensurepip") is None and not venv_python().exists():
        packages.append("python3-venv")
    if not has_font():
        packages.append("fonts-dejavu-core")
    return packages


def loads(library):
    """Tell whether the dynamic loader finds this library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_font():
    """Tell whether any scalable font is installed; without one Qt draws every letter as a box."""
    folders = [pathlib.Path(folder).expanduser() for folder in FONT_FOLDERS]
    return any(next(folder.rglob(kind), None) for folder in folders for kind in ("*.ttf", "*.otf", "*.ttc"))


def install_packages(packages):
    """Install Debian packages as root."""
    say("Installing system packages: {}".format(" ".join(packages)))
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    for command in (["apt-get", "update"], install):
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        # An update may fail for one foreign source while everything wanted here is to be had: only the install counts.
        if done.returncode != 0 and command is install:
            lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
            raise SetupError(
                "apt-get could not install {}: {}".format(" ".join(packages), lines[-1] if lines else "it said nothing")
            )


# --------------------------------------------------------------------------------------------- virtual environment


def ensure_environment(extras):
    """Make .venv with the pinned dependencies of these extras, unless it is there already; returns its Python.

    Raises:
        SetupError: the environment could not be made.
    """
    python = venv_python()
    if is_set_up(extras) and works(python):
        return python
    if not works(python):
        say(f"Making the virtual environment {VENV}")
        create_venv()
    # An extra that is already there stays: demo after test must not make the next test install again.
    wanted = sorted(set(extras) | set(stamped_extras()))
    say("Installing the pinned dependencies; the first time takes some minutes.")
    pip_install(python, ["setuptools"])
    pip_install(python, ["--no-build-isolation", "-e", ".[{}]".format(",".join(wanted)) if wanted else "."])
    if "test" in wanted and has_orbbec_sdk(sys.version_info, sys.platform, platform.machine()):
        # Alone: what it declares does not fit beside our NumPy, and serves its examples only.
        pip_install(python, ["--no-deps", "pyorbbecsdk2"])
    STAMP.write_text(json.dumps({"digest": digest(), "extras": wanted}), encoding="utf-8")
    return python


def has_orbbec_sdk(version, system, machine):
    """Tell whether the SDK of the Orbbec cameras, which the tests play recordings with, exists for this Python."""
    return tuple(version[:2]) < (3, 14) and system == "linux" and machine == "x86_64"


def venv_python():
    """Path of the virtual environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def works(python):
    """Tell whether this interpreter starts and has pip."""
    if not python.exists():
        return False
    try:
        command = [str(python), "-c", "import pip"]
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def create_venv():
    """Make an empty virtual environment in place of whatever is there."""
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
        raise SetupError("Could not make {}: {}".format(VENV, lines[-1] if lines else "venv said nothing"))


def digest():
    """Fingerprint of everything that decides what has to be installed, and where."""
    parts = [str(ROOT), platform.python_version()]
    parts += [(ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()


def read_stamp():
    """What the last finished set-up noted; an empty dict when there is none that can be read."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def stamped_extras():
    """Extras that the last finished set-up installed."""
    return tuple(read_stamp().get("extras", ()))


def is_set_up(extras):
    """Tell whether the last set-up was for the present pins and had these extras."""
    return read_stamp().get("digest") == digest() and set(extras) <= set(stamped_extras())


def pip_install(python, arguments):
    """Install with pip under the pins, showing one line per package; the full log stays beside the environment.

    Raises:
        SetupError: pip failed; the sentence says why as far as pip knows.
    """
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]
    command += ["-c", str(ROOT / "constraints.txt"), *list(arguments)]
    lines = []
    with subprocess.Popen(
        command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    ) as pip:
        for line in pip.stdout:
            lines.append(line)
            if line.startswith(("Collecting ", "Installing collected")):
                say("  " + line.strip()[:100])
    PIP_LOG.write_text("".join(lines), encoding="utf-8")
    if pip.returncode != 0:
        raise SetupError(pip_problem(lines))


def pip_problem(lines):
    """One sentence for a failed pip run, from its output."""
    text = "".join(lines)
    log = f"the full log is {PIP_LOG}"
    if re.search(r"NewConnectionError|Temporary failure in name resolution|NameResolutionError|ConnectTimeout", text):
        return f"The package index cannot be reached: check the network (or the proxy) and run again; {log}."
    if "No space left on device" in text:
        return f"The disk is full: make room (the test set-up takes about 3 GB) and run again; {log}."
    errors = [line.strip() for line in lines if line.startswith("ERROR:")]
    said = errors[0][len("ERROR:") :].strip() if errors else "it gave no reason"
    return f"pip could not install the dependencies: {said}; {log}."


if __name__ == "__main__":
    sys.exit(main())
