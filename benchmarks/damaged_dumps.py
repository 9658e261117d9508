"""Open hundreds of damaged Kinect v1 dumps as the program would, and count how each ends.

    .venv/bin/python benchmarks/damaged_dumps.py --count 300

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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.kinect_dumps import MISSING, fakenect_folder, simulated_frames, write_dump  # noqa: E402
from tests.kinect_fuzz import damaged, outcome  # noqa: E402

FRAMES = 4
LONGEST_S = 60.0


def main() -> int:
    """Run it; 0 when every dump ended well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    options = parser.parse_args()
    folder = fakenect_folder()
    if folder is None:
        print(MISSING, file=sys.stderr)
        return 1
    os.environ |= {"LD_LIBRARY_PATH": str(folder), "FAKENECT_LOOP": "0"}
    with tempfile.TemporaryDirectory(prefix="depthface-dumps-") as work:
        dump = write_dump(Path(work) / "dump", simulated_frames(FRAMES))
        return _all(dump, Path(work), range(options.first, options.first + options.count))


def _all(dump: Path, work: Path, seeds: range) -> int:
    endings: Counter[str] = Counter()
    bad, slowest_s, frames = [], 0.0, 0
    for seed in seeds:
        copy, what = damaged(dump, work, seed)
        os.environ["FAKENECT_PATH"] = str(copy)
        begun_s = time.monotonic()
        try:
            how, count = outcome()
        except Exception as error:  # noqa: BLE001 - what this looks for
            how, count = f"{type(error).__name__}: {error}", 0
            bad.append((seed, what, how))
        took_s = time.monotonic() - begun_s
        left = multiprocessing.active_children()
        if took_s > LONGEST_S or left:
            bad.append((seed, what, f"{took_s:.0f} s, {len(left)} processes left"))
        endings[how] += 1
        slowest_s, frames = max(slowest_s, took_s), frames + count
        shutil.rmtree(copy)
    for how, number in endings.most_common():
        print(f"{number:5}  {how}")
    print(f"{len(seeds)} damaged dumps, {frames} frames, slowest {slowest_s:.1f} s, {len(bad)} ended badly")
    for each in bad:
        print("BAD", *each)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
