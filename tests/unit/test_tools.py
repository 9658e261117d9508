"""Format, lint and types are part of the suite, so that one command and one closing line speak for everything."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "--output-format=concise"), ("ruff", "format", "--check"), ("mypy",)],
    ids=" ".join,
)
def test_tool_finds_nothing(command):
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
