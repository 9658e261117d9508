"""Small versions of the long benchmarks: damaged files, and a program that is killed while it records."""

import sys

import pytest

from benchmarks.fuzz import in_own_process
from benchmarks.killed import kill
from depthface_app.cameras.dumps import frames_of_dump
from depthface_app.core.errors import InputError


def test_damaged_files_are_read_or_refused_in_one_sentence(tmp_path):
    tally = in_own_process(tmp_path, count=130, seed=20)
    assert tally.bad == []
    assert tally.read + tally.refused == 130
    assert tally.refused > 50
    assert tally.read > 5


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_recording_keeps_all_but_its_last_second():
    remains = kill(count=2, seed=3, with_results=False)
    assert [each.problem for each in remains] == ["", ""]
    assert [each.gaps for each in remains] == [0, 0]
    assert all(each.captured >= each.frames > 0 for each in remains)
    assert all(each.missing_s < 1.0 for each in remains)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ("", "names no depth picture"),
        ("../../etc/passwd\n", "no file of a dump"),
        ("d-1.0-1.pgm\n", "cannot be read"),
        ("r-1.0-1.ppm\n", "cannot be read"),
    ],
)
def test_a_dump_that_is_none_is_refused(tmp_path, index, words):
    (tmp_path / "INDEX.txt").write_text(index)
    with pytest.raises(InputError, match=words):
        list(frames_of_dump(tmp_path))


@pytest.mark.parametrize("body", [b"", b"P5 640 480 65535\n" + bytes(100), b"P5 99999 480 65535\n" + bytes(700_000)])
def test_a_damaged_picture_of_a_dump_is_refused(tmp_path, body):
    (tmp_path / "INDEX.txt").write_text("d-1.0-1.pgm\n")
    (tmp_path / "d-1.0-1.pgm").write_bytes(body)
    with pytest.raises(InputError, match=r"d-1.0-1.pgm is"):
        list(frames_of_dump(tmp_path))
