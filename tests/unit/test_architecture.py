"""The floors of the house: the import contracts hold here, and each one notices when it is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = [
    ("Floors import downward only", "depthface_app/core/planted.py", "import depthface_app.pipeline"),
    ("Floors import downward only", "depthface_app/cameras/planted.py", "import depthface_app.gallery"),
    ("Floors import downward only", "depthface_app/pipeline/planted.py", "import depthface_app.ui"),
    ("Floors import downward only", "depthface_app/ui/planted.py", "import depthface_app.cli"),
    ("Floors import downward only", "depthface_app/attic/__init__.py", ""),
    ("Qt lives only in ui", "depthface_app/pipeline/planted.py", "from PySide6.QtCore import QObject"),
    ("Qt lives only in ui", "training/planted.py", "def late():\n    import PySide6.QtGui"),
    ("The app imports neither training nor torch", "depthface_app/ui/planted.py", "import torch"),
    ("The app imports neither training nor torch", "depthface_app/core/planted.py", "import training"),
    ("training imports only core of the app", "training/planted.py", "import depthface_app.inference"),
    ("training imports only core of the app", "training/planted.py", "import depthface_app.build"),
    ("ONNX Runtime only in inference", "depthface_app/pipeline/planted.py", "import onnxruntime"),
    ("Each camera SDK only in its own file", "depthface_app/cameras/planted.py", "import pyrealsense2"),
]


def lint_imports(folder: Path) -> tuple[int, str]:
    """Exit status and output of the contracts' check on the packages in this folder."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copied_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in ("depthface_app", "training"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_contracts_hold():
    status, output = lint_imports(ROOT)
    assert status == 0, output
    assert "0 broken" in output


@pytest.mark.parametrize(("contract", "path", "line"), PLANTED)
def test_a_planted_violation_breaks_its_contract(copied_house, contract, path, line):
    planted = copied_house / path
    made_folder = not planted.parent.exists()
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(line + "\n", encoding="utf-8")
    try:
        status, output = lint_imports(copied_house)
    finally:
        planted.unlink()
        if made_folder:
            shutil.rmtree(planted.parent)
    assert status == 1, output
    assert f"{contract} BROKEN" in output
    assert "1 broken" in output


def test_the_copy_without_a_violation_keeps_every_contract(copied_house):
    status, output = lint_imports(copied_house)
    assert status == 0, output
