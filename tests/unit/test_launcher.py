"""The launcher: one sentence for everything that can be in the way, and no work that is already done."""

import ast
import json
import os
import socket
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import depthface
from depthface_app import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout of its own in the launcher's place."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "tiny"\n')
    (folder / "constraints.txt").write_text("")
    venv = folder / ".venv"
    for name, path in {
        "ROOT": folder,
        "VENV": venv,
        "STAMP": venv / "setup.json",
        "PIP_LOG": venv / "pip.log",
        "SCREENSHOT": folder / "demo-screenshot.png",
    }.items():
        monkeypatch.setattr(depthface, name, path)
    return folder


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pip would have been asked to install from the project, in order; nothing is fetched."""
    asked: list[str] = []
    monkeypatch.setattr(depthface, "pip_install", lambda _, arguments: asked.append(arguments[-1]))
    monkeypatch.setattr(depthface, "has_orbbec_sdk", lambda *_: False)  # it depends on this machine
    return asked


@pytest.mark.parametrize("version", [(3, 8, 1), (3, 10, 13), (3, 15, 0), (4, 0, 0)])
def test_a_python_that_does_not_fit_is_refused_in_a_sentence(version):
    with pytest.raises(depthface.SetupError, match=r"needs a 64-bit Python 3\.11 to 3\.14, and this is \d"):
        depthface.check_python(version, 2**63 - 1)


def test_a_32_bit_python_is_refused():
    with pytest.raises(depthface.SetupError, match="32-bit"):
        depthface.check_python((3, 12, 0), 2**31 - 1)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 9)])
def test_a_python_that_fits_passes(version):
    depthface.check_python(version, 2**63 - 1)


def test_the_pythons_it_takes_are_those_the_project_states():
    oldest, newest = depthface.OLDEST, depthface.NEWEST
    stated = f'requires-python = ">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"'
    assert stated in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_it_reads_on_an_old_python():
    # Syntax of 3.6, so that an old Python says the sentence above and not a SyntaxError.
    ast.parse((ROOT / "depthface.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_it_needs_the_standard_library_only():
    command = [sys.executable, "-I", "-S", str(ROOT / "depthface.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    assert "demo" in done.stdout


@pytest.mark.parametrize("arguments", [(), ("fly",), ("demo", "--fast")])
def test_wrong_use_exits_with_2(arguments):
    done = subprocess.run([sys.executable, str(ROOT / "depthface.py"), *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_problem_is_one_line_and_exit_status_1(monkeypatch, capsys):
    def fail():
        raise depthface.SetupError("no room")

    monkeypatch.setattr(depthface, "demo", fail)
    assert depthface.main(["demo"]) == 1
    assert capsys.readouterr().err == "depthface.py: no room\n"


def test_the_environment_is_made_once_and_filled_again_when_the_pins_change(checkout, installed, capsys):
    python = depthface.ensure_environment(())
    assert subprocess.run([str(python), "-c", "import pip"]).returncode == 0
    assert installed == ["setuptools", "."]
    made = depthface.VENV.stat().st_ino
    capsys.readouterr()

    depthface.ensure_environment(())
    assert len(installed) == 2
    assert capsys.readouterr().out == ""

    (checkout / "constraints.txt").write_text("tiny==1\n")
    depthface.ensure_environment(())
    assert installed[2:] == ["setuptools", "."]
    assert depthface.VENV.stat().st_ino == made


def test_more_extras_are_added_and_stay(checkout, installed):
    depthface.ensure_environment(())
    depthface.ensure_environment(("test", "training"))
    depthface.ensure_environment(())
    assert installed == ["setuptools", ".", "setuptools", ".[test,training]"]
    (checkout / "constraints.txt").write_text("tiny==1\n")
    depthface.ensure_environment(())
    assert installed[-1] == ".[test,training]"


def test_the_sdk_that_tests_play_recordings_with_is_installed_alone(checkout, monkeypatch):
    asked = []
    monkeypatch.setattr(depthface, "pip_install", lambda _, arguments: asked.append(arguments))
    monkeypatch.setattr(depthface, "has_orbbec_sdk", lambda *_: True)
    depthface.ensure_environment(("test",))
    assert asked[-1] == ["--no-deps", "pyorbbecsdk2"]


@pytest.mark.parametrize(
    ("version", "system", "machine", "exists"),
    [
        ((3, 13, 1), "linux", "x86_64", True),
        ((3, 14, 0), "linux", "x86_64", False),
        ((3, 12, 0), "darwin", "arm64", False),
    ],
)
def test_the_sdk_is_wanted_only_where_it_exists(version, system, machine, exists):
    assert depthface.has_orbbec_sdk(version, system, machine) is exists


def test_a_set_up_that_broke_off_is_done_again(checkout, installed, monkeypatch):
    def break_off(*_):
        raise depthface.SetupError("the line broke")

    with monkeypatch.context() as patch:
        patch.setattr(depthface, "pip_install", break_off)
        with pytest.raises(depthface.SetupError):
            depthface.ensure_environment(())
    depthface.ensure_environment(())
    assert installed == ["setuptools", "."]


def test_a_broken_environment_is_made_anew(checkout, installed):
    python = depthface.ensure_environment(())
    python.unlink()
    python.write_text("no interpreter")
    depthface.ensure_environment(())
    assert depthface.works(python)
    assert installed == ["setuptools", "."] * 2


def test_a_note_that_cannot_be_read_means_nothing_is_known(checkout):
    depthface.VENV.mkdir()
    depthface.STAMP.write_text("{")
    assert not depthface.is_set_up(())
    depthface.STAMP.write_text(json.dumps({"digest": depthface.digest(), "extras": ["test"]}))
    assert depthface.is_set_up(("test",))
    assert not depthface.is_set_up(("test", "training"))


def test_a_pin_that_cannot_be_met_is_one_sentence_with_the_log(checkout):
    (checkout / "constraints.txt").write_text("tiny-part==99\n")
    depthface.create_venv()
    with pytest.raises(depthface.SetupError, match=r"pip could not install the dependencies: .*tiny-part") as caught:
        depthface.pip_install(depthface.venv_python(), ["--no-index", "tiny-part"])
    assert "\n" not in str(caught.value)
    assert "tiny-part" in depthface.PIP_LOG.read_text()


def test_no_network_is_told_from_a_missing_package(checkout):
    depthface.create_venv()
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    with pytest.raises(depthface.SetupError, match=r"cannot be reached: check the network"):
        depthface.pip_install(
            depthface.venv_python(),
            ["--retries=1", "--isolated", "-i", f"http://127.0.0.1:{closed}/", "no-such-part"],
        )


def test_a_full_disk_is_told():
    said = depthface.pip_problem(["ERROR: Could not install packages due to an OSError: No space left on device\n"])
    assert "disk is full" in said


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system packages are looked for on Linux only")
class TestSystemParts:
    def test_a_missing_library_is_named_by_its_package(self):
        missing = depthface.missing_packages({"libc.so.6": "libc6", "libnowhere.so.7": "libnowhere7"}, {})
        assert "libnowhere7" in missing
        assert "libc6" not in missing

    def test_a_missing_program_is_named_by_its_package(self):
        assert "tool" in depthface.missing_packages({}, {"no-such-program-here": "tool"})

    def test_nothing_missing_asks_for_nothing(self, monkeypatch):
        monkeypatch.setattr(depthface, "install_packages", lambda packages: pytest.fail(f"installed {packages}"))
        monkeypatch.setattr(depthface, "has_font", lambda: True)
        depthface.ensure_system({"libc.so.6": "libc6"}, {"sh": "dash"})

    def test_without_rights_the_command_is_named(self, monkeypatch):
        monkeypatch.setattr(depthface.os, "geteuid", lambda: 1000)
        monkeypatch.setattr(depthface.shutil, "which", lambda name: f"/usr/bin/{name}")
        with pytest.raises(depthface.SetupError, match="run: sudo apt-get install .*libnowhere7"):
            depthface.ensure_system({"libnowhere.so.7": "libnowhere7"}, {})

    def test_on_another_distribution_the_packages_are_named(self, monkeypatch):
        monkeypatch.setattr(depthface.shutil, "which", lambda name: None)
        with pytest.raises(depthface.SetupError, match="your distribution .*libnowhere7"):
            depthface.ensure_system({"libnowhere.so.7": "libnowhere7"}, {})

    def test_a_failed_installation_says_what_apt_said(self, tmp_path, monkeypatch):
        put_program(tmp_path, monkeypatch, "apt-get", "echo 'E: Unable to locate package libnowhere7'; exit 100")
        monkeypatch.setattr(depthface.os, "geteuid", lambda: 0)
        with pytest.raises(depthface.SetupError, match="could not install .*: E: Unable to locate package"):
            depthface.ensure_system({"libnowhere.so.7": "libnowhere7"}, {})

    def test_a_failed_update_alone_does_not_stop(self, tmp_path, monkeypatch):
        put_program(tmp_path, monkeypatch, "apt-get", '[ "$1" = install ]')
        depthface.install_packages(["anything"])

    def test_an_installation_that_changes_nothing_is_noticed(self, tmp_path, monkeypatch):
        put_program(tmp_path, monkeypatch, "apt-get", "exit 0")
        monkeypatch.setattr(depthface.os, "geteuid", lambda: 0)
        with pytest.raises(depthface.SetupError, match="still missing: .*libnowhere7"):
            depthface.ensure_system({"libnowhere.so.7": "libnowhere7"}, {})

    @pytest.mark.parametrize("display", ["", "nonsense", ":987", "localhost:9870.0"])
    def test_a_display_that_does_not_answer_is_no_screen(self, display):
        assert not depthface.has_screen({"DISPLAY": display})

    def test_a_display_that_answers_is_a_screen(self):
        # An X server's socket in the abstract namespace.
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("\0/tmp/.X11-unix/X4321")
            server.listen()
            assert depthface.has_screen({"DISPLAY": ":4321.0"})

    def test_a_compositor_that_answers_is_a_screen(self, tmp_path):
        environment = {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}
        assert not depthface.has_screen(environment)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "wayland-7"))
            server.listen()
            assert depthface.has_screen(environment)

    def test_asking_for_off_screen_is_no_screen(self):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("\0/tmp/.X11-unix/X4322")
            server.listen()
            assert not depthface.has_screen({"DISPLAY": ":4322", "QT_QPA_PLATFORM": "offscreen:size=1x1"})


def put_program(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Put a shell script of this name first on the path."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def recorded_calls(monkeypatch: pytest.MonkeyPatch, status: int) -> list[tuple[list[str], dict[str, str]]]:
    """Replace the set-up and the started program; collects (command, environment) of what would run."""
    calls: list[tuple[list[str], dict[str, str]]] = []

    def call(command, cwd, env):
        calls.append((command, env))
        return status

    monkeypatch.setattr(depthface, "ensure_system", lambda *_: None)
    monkeypatch.setattr(depthface, "ensure_environment", lambda _: Path("python"))
    monkeypatch.setattr(depthface.subprocess, "call", call)
    return calls


def test_the_demo_without_a_screen_says_where_its_picture_is(checkout, monkeypatch, capsys):
    calls = recorded_calls(monkeypatch, 0)
    monkeypatch.setattr(depthface, "has_screen", lambda _: False)
    assert depthface.main(["demo"]) == 0
    ((command, environment),) = calls
    assert command[command.index("--screenshot") + 1] == str(depthface.SCREENSHOT)
    assert environment["QT_QPA_PLATFORM"] == "offscreen"
    assert str(depthface.SCREENSHOT) in capsys.readouterr().out


def test_a_demo_that_fails_does_not_claim_a_picture(checkout, monkeypatch, capsys):
    recorded_calls(monkeypatch, 1)
    monkeypatch.setattr(depthface, "has_screen", lambda _: False)
    assert depthface.main(["demo"]) == 1
    assert str(depthface.SCREENSHOT) not in capsys.readouterr().out


def test_a_program_that_was_killed_counts_as_failed(checkout, monkeypatch):
    recorded_calls(monkeypatch, -6)
    assert depthface.main(["demo"]) == 1


def test_the_demo_keeps_its_people_out_of_the_users_gallery(checkout, monkeypatch):
    calls = recorded_calls(monkeypatch, 0)
    monkeypatch.setattr(depthface, "has_screen", lambda _: True)
    depthface.main(["demo"])
    ((command, _),) = calls
    data_folder = Path(command[command.index("--data-dir") + 1])
    assert data_folder.name.startswith("depthface-demo-")
    assert not data_folder.exists()
    assert "--screenshot" not in command


def test_the_test_command_hands_on_what_pytest_is_asked(checkout, monkeypatch):
    calls = recorded_calls(monkeypatch, 5)
    assert depthface.main(["test", "-k", "nose"]) == 5
    ((command, environment),) = calls
    assert command[-2:] == ["-k", "nose"]
    assert environment["OMP_NUM_THREADS"]


def test_every_dependency_is_pinned():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    assert all(line.count("==") == 1 and "/" not in line and " " not in line for line in lines)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in ("scan", "test", "training"):
        wanted += project["optional-dependencies"][extra]
    names = {requirement.split(";")[0].strip() for requirement in wanted}
    bare = {name.split("=")[0].split(">")[0].split("<")[0].split("[")[0].lower().replace("_", "-") for name in names}
    assert bare <= pinned


def test_the_program_and_the_project_state_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
