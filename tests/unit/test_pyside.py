"""Guards against faults of PySide6 itself that a new version could bring (back)."""

import sys

import pytest
from PySide6.QtCore import QObject, Signal

EMITS = 1000


class Emitter(QObject):
    done = Signal()
    chosen = Signal(bool)


@pytest.mark.parametrize("connected", [False, True])
def test_emitting_keeps_every_reference_to_true(qapp, connected):
    # PySide6 6.12.0 on Python 3.11 lost one reference per emit and aborted the program after a few hundred.
    emitter = Emitter(qapp)
    seen = []
    if connected:
        emitter.done.connect(lambda: seen.append(None))
    emitter.done.emit()
    before = sys.getrefcount(True)
    for _ in range(EMITS):
        emitter.done.emit()
    after = sys.getrefcount(True)
    emitter.setParent(None)
    assert len(seen) == (EMITS + 1 if connected else 0)
    assert abs(after - before) < EMITS // 100
