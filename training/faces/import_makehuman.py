"""Builds `makehuman_face_model.npz` from MPFB2: `python -m training.faces.import_makehuman CHECKOUT OUT.npz`.

Source: github.com/makehumancommunity/mpfb2, whose base mesh and targets are CC0-1.0 (the older makehuman repository has
the same files under another licence in its history; both layouts are read). A target is a text of vertex numbers and
movements in decimetres. The head is kept, with eyes, tongue and teeth; targets that only carry it elsewhere are not.
"""

import argparse
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.faces.sources import as_triangles, read_obj, read_target, renumbered, write_model

MM = 100.0
LOWEST_MM = 541.0  # of the body: the root of the neck
BODY = "body"
PARTS = (BODY, "helper-l-eye", "helper-r-eye", "helper-tongue", "helper-lower-teeth", "helper-upper-teeth")
DATA_FOLDERS = ("src/mpfb/data", "makehuman/data", "data", ".")
RACES, SEXES, AGES = ("african", "asian", "caucasian"), ("female", "male"), ("young", "old")
AMOUNTS = ("min", "average", "max")
MACRO = tuple("-".join(names) for names in product(RACES, SEXES, AGES))
UNIVERSAL = tuple(f"{sex}-{age}-{m}muscle-{w}weight" for sex, age, m, w in product(SEXES, AGES, AMOUNTS, AMOUNTS))
DETAIL_FOLDERS = (
    "head", "forehead", "eyebrows", "eyes", "nose", "mouth", "ears", "chin", "cheek", "neck", "asym",
)  # fmt: skip
CARRY_ELSEWHERE = ("head-trans-", "neck-trans-", "asymm-")
EXPRESSIONS = "expression/units/caucasian"


def import_makehuman(checkout: Path, lowest_mm: float = LOWEST_MM) -> dict[str, NDArray]:
    """The arrays of the face-model file, named as `training/faces/makehuman.py` reads them.

    Raises:
        FileNotFoundError: if the base mesh or a target is missing.
        ValueError: if a file is cut off.
    """
    data = _data_folder(checkout)
    base = read_obj(data / "3dobjs/base.obj")
    triangles, polygon = as_triangles(base.polygons)
    part = np.array(base.groups)[polygon]
    missing = [name for name in PARTS if name not in part]
    if missing:
        raise ValueError(f"{data / '3dobjs/base.obj'} has no group {missing[0]!r}; the file is incomplete")
    head = np.isin(part, PARTS) & ((part != BODY) | (MM * base.vertices[triangles].mean(1)[:, 1] > lowest_mm))
    numbered, kept = renumbered(triangles[head])
    points = MM * base.vertices[kept]
    targets = data / "targets"
    detail = [path for folder in DETAIL_FOLDERS for path in _targets(targets / folder)]
    expressions = _targets(targets / EXPRESSIONS)

    def moved(paths: list[Path]) -> NDArray[np.float16]:
        return np.stack([MM * read_target(path, len(base.vertices))[kept] for path in paths]).astype(np.float16)

    return {
        "base": points.astype(np.float32),
        "macro": moved([_target(targets / "macrodetails" / name) for name in MACRO]),
        "macro_names": np.array(MACRO),
        "universal": moved([_target(targets / "macrodetails" / f"universal-{name}") for name in UNIVERSAL]),
        "universal_names": np.array(UNIVERSAL),
        "detail": moved(detail),
        "detail_names": np.array([f"{path.parent.name}/{_stem(path)}" for path in detail]),
        "expr": moved(expressions),
        "expr_names": np.array([_stem(path) for path in expressions]),
        "triangles": numbered,
        "tri_part": part[head],
        "nose_tip": np.int32(np.argmax(points[:, 2])),
        "src_vertex": kept,
    }


def _data_folder(checkout: Path) -> Path:
    for name in DATA_FOLDERS:
        if (checkout / name / "3dobjs/base.obj").is_file():
            return checkout / name
    raise FileNotFoundError(f"{checkout} is no checkout of mpfb2: src/mpfb/data/3dobjs/base.obj is missing")


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".target")


def _target(stem: Path) -> Path:
    """The file of a target, packed or not."""
    packed = stem.with_name(f"{stem.name}.target.gz")
    return packed if packed.is_file() else stem.with_name(f"{stem.name}.target")


def _targets(folder: Path) -> list[Path]:
    """All targets of a folder that change a shape, by name."""
    found = sorted(path for path in folder.glob("*.target*") if not path.name.startswith(CARRY_ELSEWHERE))
    if not found:
        raise FileNotFoundError(f"{folder} holds no targets; is the checkout complete?")
    return found


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path, help="folder of an mpfb2 checkout")
    parser.add_argument("out", type=Path, help="face-model file to write, makehuman_face_model.npz")
    options = parser.parse_args()
    try:
        arrays = import_makehuman(options.checkout)
        write_model(options.out, arrays)
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None
    print(f"{options.out}: {len(arrays['base'])} vertices, {len(arrays['detail'])} targets of detail")


if __name__ == "__main__":
    main()
