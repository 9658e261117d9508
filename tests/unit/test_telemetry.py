"""Nothing leaves the computer, and nothing marks it: ONNX Runtime's own reporting is off before it loads."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
from depthface_app.build import open_recogniser
from depthface_app.pipeline.settings import Settings
open_recogniser(Settings(threads=1))
"""


def test_opening_a_model_leaves_no_trace_in_the_users_folders(tmp_path):
    names = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    environment = {key: value for key, value in os.environ.items() if key not in ("ORT_DISABLE_TELEMETRY", "CI")}
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, env={**environment, **names}, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
