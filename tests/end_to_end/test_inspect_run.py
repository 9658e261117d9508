"""`depthface inspect` with the shipped networks: killed in the middle, and given again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from depthface_app.cli import main
from depthface_app.pipeline.runs.plan import SPAN_FRAMES

FRAMES = 2 * SPAN_FRAMES + 20
WAIT_S = 240.0

pytestmark = pytest.mark.timeout(900)


def wait_for(condition: Callable[[], bool]) -> None:
    begun_s = time.monotonic()
    while not condition():
        assert time.monotonic() - begun_s < WAIT_S, "it never came"
        time.sleep(0.02)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "depthface_app", *map(str, arguments)]


def parts(folder: Path) -> list[Path]:
    return sorted((folder / ".parts").rglob("[0-9]*.json"))


def results(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def children_of(pid: int) -> list[int]:
    """Processes that a process has begun, from Linux's own list."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks Linux which processes there are")
def test_a_killed_run_leaves_no_process_and_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    recording = tmp_path / "a.mcap"
    source = "simulated:?sensor=kinect1&seed=2&realtime=0"
    assert main(["record", "-s", source, "-o", str(recording), "--frames", str(FRAMES)]) == 0

    stopped, whole = tmp_path / "stopped", tmp_path / "whole"
    again = command("inspect", recording, "-o", stopped, "--workers", 2, "--json")
    killed = subprocess.Popen(again, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: bool(parts(stopped)) or killed.poll() is not None)
        workers = children_of(killed.pid)
    finally:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    assert len(workers) >= 2
    assert 0 < len(parts(stopped)) < 3
    wait_for(lambda: not any(is_running(pid) for pid in workers))

    kept = {path: path.stat().st_mtime_ns for path in parts(stopped)}
    done = subprocess.run(again, capture_output=True, text=True, timeout=WAIT_S, check=True)
    assert json.loads(done.stdout)["frames"] == FRAMES
    assert {path: path.stat().st_mtime_ns for path in kept} == kept  # not measured again
    assert main(["inspect", str(recording), "-o", str(whole), "--workers", "1", "--json"]) == 0
    assert results(stopped) == results(whole)
