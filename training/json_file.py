"""JSON files that a command is given, and one sentence when they are not what they should be."""

import json
from pathlib import Path
from typing import Any


def read_json(path: Path, *needed: str) -> dict[str, Any]:
    """One file of figures or rules.

    Args:
        needed: names that must be there.

    Raises:
        FileNotFoundError: if it is missing.
        ValueError: if it is no JSON, or another kind of file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        found = json.loads(path.read_text())
    except ValueError as error:  # of JSON, or of bytes that are no text
        raise ValueError(f"{path} is no JSON ({error})") from error
    missing = [name for name in needed if name not in found] if isinstance(found, dict) else list(needed)
    if missing or not isinstance(found, dict):
        raise ValueError(f"{path} has no “{'”, “'.join(missing)}”; is it what this option asks for?")
    return found
