"""The endurance runs in small: one fault of every kind, and the plug pulled twice, through the whole window."""

from benchmarks import endurance
from benchmarks.watched import Held, Ledger
from tests.faulty_camera import Trouble


def quiet(_: str) -> None:
    pass


def test_every_kind_of_fault_passes_and_leaves_nothing_behind(qapp):
    figures = endurance.faults(len(Trouble), seed=3, longest_s=0.5, say=quiet)
    assert set(figures["back_max_s_by_kind"]) == {trouble.name.lower() for trouble in Trouble}
    assert figures["back_s"]["median"] < 5
    for held in ("threads", "files"):
        before, after = figures[held]
        assert after <= before + 3, held


def test_a_plug_pulled_twice_shows_each_time_and_the_picture_returns(qapp):
    figures = endurance.unplug(2, seed=2, say=quiet)
    assert figures["cycles"] == 2
    assert figures["banner_after_s"]["max"] < 6
    assert figures["back_beside_sdk_s"]["median"] < 2


def test_growth_is_seen():
    ledger = Ledger([Held(5, 10 + number // 50, 100.0 + number / 10) for number in range(100)])
    figures = ledger.figures()
    assert figures["files"] == [10, 11]
    assert 6 < figures["memory_growth_percent"] < 9
