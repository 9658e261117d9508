"""Kills a program that changes a gallery, again and again, at random moments, and looks at what is left.

    nice -n 10 .venv/bin/python -m benchmarks.gallery_kills [--kills N] [--seed N]

A child enrols, renames, erases, re-keys, renews, locks otherwise and migrates; it says before each change what it is
about to do, and afterwards that it was acknowledged. After each kill -9: everything acknowledged is there, the change
under way happened wholly or not at all, every record and the audit log are whole, one key is left, and no file in the
folder - database, write-ahead log, temporary files, the program's log - holds a name or an embedding. A fifth of the
kills fall into a migration, while the old file may still be what it was; it is searched once it was opened again. POSIX
only (it forks).
"""

import argparse
import json
import logging
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.match import unit
from depthface_app.gallery import upkeep
from depthface_app.gallery.keys import Keychain
from depthface_app.gallery.store import GalleryStore, Template

SIZE = 64
PASSPHRASE = "one of the benchmark's"
CHANGES = ("enrol", "enrol", "enrol", "rename", "erase", "rekey", "renew", "relock")
# The tables of version 1 as the program of that time made them.
VERSION_1 = """
CREATE TABLE person (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, enrolled_at TEXT NOT NULL);
CREATE TABLE template (
    id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES person(id) ON DELETE CASCADE,
    model_name TEXT NOT NULL, model_version TEXT NOT NULL, vector BLOB NOT NULL, quality REAL NOT NULL,
    source TEXT NOT NULL, taken_at TEXT NOT NULL
);
CREATE INDEX template_person ON template(person);
PRAGMA user_version = 1;
"""
People = dict[str, NDArray[np.float32]]


@dataclass
class Tally:
    """What the kills hit, and what was wrong afterwards."""

    kills: int = 0
    hit: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    bytes_searched: int = 0
    faults: list[str] = field(default_factory=list)


def embedding(name: str) -> NDArray[np.float32]:
    """The (SIZE,) vector that a person of this first name always has."""
    return unit(np.random.default_rng(list(name.split()[0].encode())).standard_normal(SIZE))


def template(name: str) -> Template:
    """The one view of a person."""
    return Template(embedding(name), "kills", "1", 0.9, f"{name}.png")


def opened(path: Path) -> GalleryStore:
    """The gallery, for somebody who knows its passphrase."""
    return GalleryStore(path, Keychain(path.with_suffix(".key"), lambda _: PASSPHRASE))


def make_version_1(path: Path, names: list[str]) -> None:
    """A gallery file as version 1 wrote it."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(VERSION_1)
        for number, name in enumerate(names):
            db.execute("INSERT INTO person VALUES (?, ?, ?, '2026-01-01')", (number, name.casefold(), name))
            vector = embedding(name).astype("<f4").tobytes()
            db.execute(
                "INSERT INTO template (person, model_name, model_version, vector, quality, source, taken_at)"
                " VALUES (?, 'kills', '1', ?, 0.9, ?, '2026-01-01')",
                (number, vector, f"{name}.png"),
            )
        db.commit()


def change(store: GalleryStore, what: str, name: str, to: str) -> None:
    """One change."""
    if what == "enrol":
        store.add(name, [template(name)])
    elif what == "rename":
        store.rename(name, to)
    elif what == "erase":
        store.remove(name)
    elif what == "rekey":
        upkeep.rekey(store, PASSPHRASE)
    elif what == "renew":
        upkeep.renew(store)
    else:
        upkeep.relock(store, to, PASSPHRASE)


def expected(people: People, what: str, name: str, to: str) -> People:
    """The people after that change."""
    people = dict(people)
    if what == "enrol":
        people[name] = embedding(name)
    elif what == "rename":
        people[to] = people.pop(name)
    elif what == "erase":
        del people[name]
    return people


def plan(rng: random.Random, names: list[str]) -> Iterator[tuple[str, str, str]]:
    """Changes without end, each possible after those before."""
    names = list(names)
    while True:
        what = rng.choice(CHANGES) if names else "enrol"
        name, to = rng.choice(names) if names else "", ""
        if what == "enrol":
            name = f"Zx{rng.getrandbits(64):016x} Öczy"
            names.append(name)
        elif what == "rename":
            to = f"{name.split()[0]} Renamed{rng.getrandbits(32):08x}"
            names[names.index(name)] = to
        elif what == "erase":
            names.remove(name)
        elif what == "relock":
            to = rng.choice(("file", "file", "file", "passphrase"))  # stretching a passphrase takes long
        yield what, name, to


def child(path: Path, seed: int, names: list[str], pipe: int) -> None:
    """Change the gallery until killed."""
    logging.basicConfig(filename=path.parent / "program.log", level=logging.DEBUG, force=True)

    def say(*words: str) -> None:
        os.write(pipe, json.dumps(words).encode() + b"\n")

    say("open")
    store = opened(path)
    say("done")
    for what, name, to in plan(random.Random(seed), names):
        say(what, name, to)
        change(store, what, name, to)
        say("done")


def kill_once(path: Path, rng: random.Random, names: list[str], *, changes: int, opening_s: float) -> list[list[str]]:
    """Let a child work, kill it at a random moment of the change after so many, or of opening; returns what it said.

    Args:
        changes: 0 = while it opens the gallery.
        opening_s: about what opening takes.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            child(path, rng.getrandbits(32), names, writing)
        finally:  # whatever it raised, it must not go on as its parent
            os._exit(3)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        lines, begun_s = [said.readline()], time.monotonic()
        for _ in range(2 * changes):
            lines.append(said.readline())
        spent_s = (time.monotonic() - begun_s) / changes if changes else opening_s
        time.sleep(rng.uniform(0, 1.2 * spent_s))
        os.kill(pid, signal.SIGKILL)
        lines += said.readlines()
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError(f"the child ended by itself: {lines[-1].decode()[-300:]}")
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def after(people: People, said: list[list[str]]) -> tuple[People, People, str, int]:
    """The acknowledged people, those with the change under way too, what was under way, and acknowledged changes."""
    count, pending = 0, ["nothing"]
    for line in said:
        if line == ["done"]:
            people = expected(people, *pending) if len(pending) == 3 else people
            count, pending = count + (len(pending) == 3), ["nothing"]
        else:
            pending = line
    return people, expected(people, *pending) if len(pending) == 3 else people, pending[0], count


def is_same(store: GalleryStore, people: People) -> bool:
    """Whether the gallery holds exactly these people with their vectors."""
    gallery = store.snapshot("kills", "1")
    if sorted(gallery.names) != sorted(people):
        return False
    return all(np.allclose(store.templates(name)[0].vector, vector, atol=1e-5) for name, vector in people.items())


def plain_bytes(folder: Path, names: set[str]) -> tuple[list[str], int]:
    """Files with a name or an embedding in the open, and how many bytes were searched."""
    wanted = set()
    for name in names:
        for each in (name, name.casefold(), *name.split()):
            wanted |= {each.encode(), each.encode("utf-16-le")} if len(each) > 5 else set()
        vector = embedding(name)
        wanted |= {vector[:4].astype(kind).tobytes() for kind in ("<f4", ">f4", "<f8", "<f2")}
    found, size = [], 0
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        size += len(content)
        found += [f"{path.name} holds {text[:20]!r}" for text in wanted if text in content]
    return found, size


def look(path: Path, people: People, ever: set[str], said: list[list[str]], tally: Tally) -> People:
    """What the kill left; returns the people who are there now."""
    sure, perhaps, hit, acknowledged = after(people, said)
    tally.kills += 1
    tally.hit[hit] += 1
    tally.acknowledged += acknowledged
    ever |= set(sure) | set(perhaps)
    if said[1:]:  # otherwise it may still be a file of version 1
        found, size = plain_bytes(path.parent, ever)
        tally.faults += [f"after a kill in {hit}: {each}" for each in found]
        tally.bytes_searched += size
    store = opened(path)
    upkeep.verify(store)
    if is_same(store, sure):
        people = sure
    elif is_same(store, perhaps):
        people = perhaps
    else:
        tally.faults.append(f"after a kill in {hit}: neither before nor after it")
        people = {name: store.templates(name)[0].vector for name in store.snapshot("kills", "1").names}
    key_file = path.with_suffix(".key")
    keys = len(json.loads(key_file.read_text())) if key_file.exists() else 0
    if keys != (store.lock.kind == "file"):
        tally.faults.append(f"after a kill in {hit}: {keys} keys are left")
    found, size = plain_bytes(path.parent, ever)
    tally.faults += [f"after a kill in {hit}, opened again: {each}" for each in found]
    tally.bytes_searched += size
    return people


def migration_s(folder: Path) -> float:
    """How long a migration takes just now, unkilled."""
    folder.mkdir()
    make_version_1(folder / "gallery.sqlite3", [f"Nobody {each}" for each in range(20)])
    begun_s = time.monotonic()
    opened(folder / "gallery.sqlite3")
    return time.monotonic() - begun_s


def run(folder: Path, kills: int, seed: int) -> Tally:
    """So many kills; every fifth in or after a migration of a fresh file of version 1."""
    rng, tally = random.Random(seed), Tally()
    people: People = {}
    ever: set[str] = set()
    opening_s, path = 0.0, folder
    for number in range(kills):
        migrates = number % 5 == 0
        if number % 50 == 0:
            opening_s = migration_s(folder / f"calibration-{number}")
        if migrates:
            path = folder / str(number) / "gallery.sqlite3"
            path.parent.mkdir()
            names = [f"Yq{rng.getrandbits(64):016x} Ünold" for _ in range(20)]
            make_version_1(path, names)
            people, ever = {name: embedding(name) for name in names}, set(names)
            os.environ["TMPDIR"] = os.environ["SQLITE_TMPDIR"] = str(path.parent)
        changes = 0 if migrates else rng.randint(1, 4)
        said = kill_once(path, rng, list(people), changes=changes, opening_s=opening_s)
        people = look(path, people, ever, said, tally)
    return tally


def main() -> int:
    """Run it and print the tally; exit status 1 when anything was lost, half-written or readable."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = run(Path(folder), arguments.kills, arguments.seed)
    print(json.dumps({**vars(tally), "hit": dict(tally.hit.most_common()), "faults": len(tally.faults)}))
    for fault in tally.faults[:20]:
        print(fault, file=sys.stderr)
    return int(bool(tally.faults))


if __name__ == "__main__":
    sys.exit(main())
