"""Trains the tiny network of `test_loop.py` in a process of its own, which dies in the middle: FOLDER STEP."""

import os
import signal
import sys
from pathlib import Path

from tests.training.tiny_task import LOOP, NoisyTask
from training.checkpoint import build
from training.train import LoopConfig, Run


class Deadly(NoisyTask):
    """Dies without a word in the step it is told."""

    def loss(self, model, batch):
        """As ever, but for one."""
        if run.step == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().loss(model, batch)


run = Run(Deadly(), build(LoopConfig, LOOP), {"loop": LOOP}, Path(sys.argv[1]))
run.train(minutes=None, workers=0)
