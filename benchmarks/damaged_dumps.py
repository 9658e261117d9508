"""Open hundreds of damaged Kinect v1 dumps, or Orbbec recordings, as the program would, and count how each ends.

    .venv/bin/python benchmarks/damaged_dumps.py --count 300
    .venv/bin/python benchmarks/damaged_dumps.py --count 300 --orbbec

Ends with status 1 if one takes longer than it may, leaves a process behind or ends in anything but a sentence.
"""

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from depthface_app.cameras.orbbec import orbbec  # noqa: E402
from tests.damaged import damaged, damaged_file, outcome  # noqa: E402
from tests.fakes import fake_frame  # noqa: E402
from tests.kinect_dumps import MISSING, fakenect_folder, simulated_frames, write_dump  # noqa: E402
from tests.orbbec_bags import write_bag  # noqa: E402

Attempt = Callable[[int], tuple[str, str, int]]  # seed → what was done, how it ended, frames that came

FRAMES = 4
LONGEST_S = 60.0


def main() -> int:
    """Run it; 0 when every one ended well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--orbbec", action="store_true", help="recordings of an Orbbec camera instead of dumps")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.count)
    with tempfile.TemporaryDirectory(prefix="depthface-damaged-") as work:
        attempt = _recordings(Path(work)) if options.orbbec else _dumps(Path(work))
        return 1 if attempt is None else _all(attempt, seeds)


def _dumps(work: Path) -> Attempt | None:
    """Opens one damaged dump per seed; None without fakenect."""
    folder = fakenect_folder()
    if folder is None:
        print(MISSING, file=sys.stderr)
        return None
    os.environ |= {"LD_LIBRARY_PATH": str(folder), "FAKENECT_LOOP": "0"}
    dump = write_dump(work / "dump", simulated_frames(FRAMES))

    def attempt(seed: int) -> tuple[str, str, int]:
        copy, what = damaged(dump, work, seed)
        os.environ["FAKENECT_PATH"] = str(copy)
        how, count = outcome()
        shutil.rmtree(copy)
        return what, how, count

    return attempt


def _recordings(work: Path) -> Attempt:
    """Opens one damaged recording per seed."""
    bag = write_bag(work / "whole.bag", [fake_frame(number, (288, 320)) for number in range(3 * FRAMES)])

    def attempt(seed: int) -> tuple[str, str, int]:
        copy, what = damaged_file(bag, work, seed)
        how, count = outcome(orbbec(str(copy), {}))
        copy.unlink()
        return what, how.replace(str(copy), "FILE").replace(copy.name, "FILE"), count

    return attempt


def _all(attempt: Attempt, seeds: range) -> int:
    endings: Counter[str] = Counter()
    bad, slowest_s, frames = [], 0.0, 0
    for seed in seeds:
        begun_s = time.monotonic()
        try:
            what, how, count = attempt(seed)
        except Exception as error:  # noqa: BLE001 - what this looks for
            what, how, count = "", f"{type(error).__name__}: {error}", 0
            bad.append((seed, what, how))
        took_s = time.monotonic() - begun_s
        left = multiprocessing.active_children()
        if took_s > LONGEST_S or left:
            bad.append((seed, what, f"{took_s:.0f} s, {len(left)} processes left"))
        endings[how] += 1
        slowest_s, frames = max(slowest_s, took_s), frames + count
    for how, number in endings.most_common():
        print(f"{number:5}  {how}")
    print(f"{len(seeds)} damaged, {frames} frames, slowest {slowest_s:.1f} s, {len(bad)} ended badly")
    for each in bad:
        print("BAD", *each)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
