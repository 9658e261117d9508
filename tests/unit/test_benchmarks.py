"""The benchmark's verdict: right side of each goal, from the report the program promises."""

import copy

import pytest

from benchmarks import endurance_table, simulated_camera
from benchmarks.run import GOALS, table

REPORT = {
    "stages_ms": {"denoise": {"median": 15.0, "p95": 19.0}, "embed": {"median": 7.0, "p95": 9.0}},
    "picture_fps": 30.0,
    "picture_age_ms": {"median": 12.0, "p99": 30.0},
    "identity_hz": 14.0,
    "identity_age_ms": {"median": 60.0, "p95": 90.0},
    "first_picture_s": 1.5,
}


def test_a_report_within_every_goal_is_met():
    assert all(goal.met(REPORT) for goal in GOALS)
    assert "missed" not in table(REPORT)


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.label)
def test_each_goal_is_missed_on_its_wrong_side(goal):
    report = copy.deepcopy(REPORT)
    inner = report
    for key in goal.path[:-1]:
        inner = inner[key]
    inner[goal.path[-1]] = goal.value * (1.1 if goal.at_most else 0.9)
    assert not goal.met(report)
    assert table(report).count("missed") == 1


def test_a_simulated_frame_is_measured_beside_its_peer(monkeypatch):
    monkeypatch.setattr(simulated_camera, "FIRST", 1)
    found = simulated_camera.cost("kinect2", 1, 2)
    assert found.ms > 0
    assert found.ratio == pytest.approx(found.ms / found.peer_ms)


def test_the_page_on_faults_says_what_the_endurance_runs_found():
    found = endurance_table.read("endurance.json")
    assert endurance_table.page(found) in endurance_table.PAGE.read_text()
    held = found["faults"]["threads"], found["faults"]["files"]
    assert all(last <= first for first, last in held)
