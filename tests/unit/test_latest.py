"""The one-value box: the newest wins, nothing is handed out twice, nobody waits for ever."""

import threading

from depthface_app.core.latest import Latest

PATIENCE_S = 10.0


def in_thread(work) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_take_hands_out_once():
    box = Latest[str]()
    box.put("a")
    assert box.take() == "a"
    assert box.take() is None


def test_the_newest_wins_and_drops_are_counted():
    box = Latest[int]()
    for value in (1, 2, 3):
        box.put(value)
    assert box.take() == 3
    assert box.dropped == 2


def test_a_value_that_was_taken_is_not_a_drop():
    box = Latest[int]()
    box.put(1)
    box.take()
    box.put(2)
    assert box.dropped == 0


def test_wake_is_called_only_for_an_empty_box():
    woken = []
    box = Latest[int](lambda: woken.append(1))
    box.put(1)
    box.put(2)
    assert len(woken) == 1
    box.take()
    box.put(3)
    assert len(woken) == 2


def test_wake_may_take_at_once():
    # Called outside the lock: otherwise this would wait for itself.
    taken = []
    box: Latest[int] = Latest(lambda: taken.append(box.take()))
    box.put(5)
    assert taken == [5]


def test_take_waits_for_a_value():
    box = Latest[int]()
    taken = []
    reader = in_thread(lambda: taken.append(box.take(PATIENCE_S)))
    box.put(4)
    reader.join(PATIENCE_S)
    assert taken == [4]


def test_take_gives_up_after_its_time():
    assert Latest[int]().take(0.01) is None


def test_close_releases_every_waiter():
    box = Latest[int]()
    taken = []
    readers = [in_thread(lambda: taken.append(box.take(None))) for _ in range(3)]
    box.close()
    for reader in readers:
        reader.join(PATIENCE_S)
    assert taken == [None, None, None]


def test_a_closed_box_stays_empty():
    woken = []
    box = Latest[int](lambda: woken.append(1))
    box.close()
    box.put(1)
    assert box.take() is None
    assert woken == []


def test_close_forgets_what_was_unread():
    box = Latest[int]()
    box.put(1)
    box.close()
    assert box.take() is None


def test_no_value_is_handed_out_twice_or_out_of_order():
    box = Latest[int]()
    count = 20_000
    taken: list[list[int]] = [[], []]

    def read(mine: list[int]) -> None:
        while (value := box.take(PATIENCE_S)) is not None:
            mine.append(value)

    readers = [in_thread(lambda mine=mine: read(mine)) for mine in taken]
    for value in range(1, count + 1):
        box.put(value)
    while (left := box.take()) is not None:
        taken.append([left])
    box.close()
    for reader in readers:
        reader.join(PATIENCE_S)
    everything = [value for mine in taken for value in mine]
    assert len(everything) == len(set(everything))
    assert len(everything) + box.dropped == count
    assert all(mine == sorted(mine) for mine in taken)
