"""A person enrolled on the simulated Kinect v1 is recognised through libfreenect's interface, networks and all."""

import json
from pathlib import Path

import numpy as np
import pytest

from depthface_app.cli import main
from tests.kinect_dumps import plug_in, simulated_frames, write_dump

FRAMES = 3


@pytest.fixture
def run(capsys):
    def call(*arguments):
        status = main([str(each) for each in arguments])
        said = capsys.readouterr()
        return status, [json.loads(line) for line in said.out.splitlines()], said.err

    return call


def seen(query: str, count: int = 1):
    return simulated_frames(count, f"{query}&seed=3")


def test_who_is_enrolled_on_the_simulated_sensor_is_named_through_fakenect(run, tmp_path: Path, monkeypatch):
    for name in ("Ada", "Ben"):
        (frame,) = seen(f"cast={name}&pose=0,0,0&distance=650")
        pinhole = frame.intrinsics
        picture = tmp_path / f"{name}.npz"
        np.savez(picture, depth_mm=frame.depth_mm, fx=pinhole.fx, fy=pinhole.fy, cx=pinhole.cx, cy=pinhole.cy)
        assert run("enroll", name, picture, "--json")[0] == 0
    for who, expected in (("Ada", "Ada"), ("Mateo", None)):
        # slow enough for a busy machine, which misses pictures when it cannot keep up
        dump = write_dump(tmp_path / who, seen(f"cast={who}&pose=10,-4,2&distance=750", 12), fps=10)
        plug_in(dump, monkeypatch)
        status, lines, err = run("identify", "--source", "kinect1:", "--frames", FRAMES, "--json")
        assert status == 0, err
        faces = [face for line in lines for face in line["faces"]]
        assert [face["name"] for face in faces] == [expected] * FRAMES
        assert all(abs(face["distance_mm"] - 750) < 15 for face in faces)
