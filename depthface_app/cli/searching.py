"""Which files a command that takes folders works on, and what their results are called."""

from collections.abc import Iterable, Sequence
from pathlib import Path

SUFFIXES = (".mcap", ".bag", ".db3", ".png", ".npz", ".ply", ".pcd")
DEPTH_PNG = bytes((16, 0))  # bits and colour type in the header of a PNG: 16 bits, grey


def files_in(inputs: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Every input once, folders as the recordings and depth pictures in them; and what is wrong with a folder."""
    found: dict[Path, None] = {}
    problems = []
    for each in inputs:
        inside = sorted(path for path in each.rglob("*") if _is_wanted(path, each)) if each.is_dir() else [each]
        if not inside:
            problems.append(f"The folder {each} holds no recording and no depth picture.")
        found |= dict.fromkeys(inside)
    return tuple(found), tuple(problems)


def _is_wanted(path: Path, folder: Path) -> bool:
    """Whether a file in a folder that is searched may be an input; what is hidden in it is not."""
    suffix, inside = path.suffix.lower(), path.relative_to(folder).parts
    if suffix not in SUFFIXES or any(part.startswith(".") for part in inside) or not path.is_file():
        return False
    if suffix != ".png":
        return True
    with path.open("rb") as file:
        return file.read(26)[24:] == DEPTH_PNG


def stems_of(paths: Iterable[Path]) -> dict[Path, str]:
    """A name for the results of each input: the file's own, with its folder's or a number where two are alike."""
    taken: dict[str, None] = {}
    out = {}
    for path in paths:
        folder = path.resolve().parent.name
        names = (path.stem, f"{folder}-{path.stem}", *(f"{folder}-{path.stem}-{k}" for k in range(2, len(taken) + 3)))
        out[path] = next(name for name in names if name not in taken)
        taken[out[path]] = None
    return out
