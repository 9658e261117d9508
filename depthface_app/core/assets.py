"""Where the files that ship beside the program lie: models, icons, the simulated people."""

import sys
from pathlib import Path


def asset(relative: str) -> Path:
    """Full path of a shipped file, in a checkout, an editable install or a frozen program alike."""
    root = Path(getattr(sys, "_MEIPASS", Path(__file__).resolve().parents[2]))
    return root / "assets" / relative
