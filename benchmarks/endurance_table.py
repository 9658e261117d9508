"""Write what the endurance runs found into docs/faults.md: `python -m benchmarks.endurance_table`."""

from typing import Any

from benchmarks.tables import ROOT, read, table

PAGE = ROOT / "docs/faults.md"
LONG_S = 300
BEGIN, END = "<!-- endurance: begin -->", "<!-- endurance: end -->"


def rows(found: dict[str, Any]) -> list[list[str]]:
    """One row per run that was made: what, for how long, what it showed, what it left behind."""
    tellers = {
        "faults": _faults,
        "faults_unhindered": _faults,
        "unplug": _unplug,
        "unplug_unhindered": _unplug,
        "hangs": _hangs,
        "soak": _soak,
        "stream": _stream,
    }
    return [[*tell(found[name]), *_left(found[name])] for name, tell in tellers.items() if name in found]


def is_long(run: dict[str, Any]) -> bool:
    """Whether its memory says anything: the allocators' warm-up is over."""
    return bool(run["took_s"] > LONG_S)


def _faults(run: dict[str, Any]) -> list[str]:
    back = run["back_s"]
    return [f"{run['faults']} faults of {run['kinds']} kinds", f"picture back after {_spread(back)} s"]


def _unplug(run: dict[str, Any]) -> list[str]:
    shown, whole, beside = (_spread(run[name]) for name in ("banner_after_s", "back_after_s", "back_beside_sdk_s"))
    return [
        f"{run['cycles']} times unplugged and plugged in",
        f"banner after {shown} s; picture back after {whole} s, beside the SDK's own calls {beside} s",
    ]


def _hangs(run: dict[str, Any]) -> list[str]:
    return [f"{run['hangs']} calls that never return", f"{run['processes']} processes, the last one streams"]


def _soak(run: dict[str, Any]) -> list[str]:
    hours, ages = run["as_hours_at_30_fps"], run["picture_age_ms"]
    return [
        f"{run['frames']:,} frames, {hours} h at 30 Hz, shipped networks",
        f"age of the picture {ages[0]:.0f} ms at first, {ages[1]:.0f} ms at last; {run['painted']:,} painted",
    ]


def _stream(run: dict[str, Any]) -> list[str]:
    what, showed = _soak(run)
    return [what.replace("shipped networks", "stand-ins for the networks"), f"{showed}, {run['results']:,} results"]


def _left(run: dict[str, Any]) -> list[str]:
    """What was held, how long the window was silent, and how the run was made."""

    def change(name: str) -> str:
        first, last = run[name]
        return f"{first:g} → {last:g}"

    gap, other = run["window_gap_s"], run["gap_of_another_process_s"]
    return [
        change("threads"),
        change("files"),
        f"{change('memory_mb')} ({run['memory_growth_percent']:+.1f} %)" if is_long(run) else "-",
        f"{gap['p99']} / {gap['max']} s ({other['p99']} / {other['max']} s)",
        f"{run['took_s'] / 60:.0f} min, nice {run['nice']}",
    ]


def _spread(found: dict[str, float]) -> str:
    return f"{found['median']:.2f} (at most {found['max']:.2f})"


def page(found: dict[str, Any]) -> str:
    """The part between the marks."""
    head = ["run", "what it showed", "threads", "open files", "memory, MB", "longest silence of the window, p99 / max"]
    text = (
        "What is held: median of the first tenth after the warm-up → median of the last tenth. The window's silence is "
        "what its heartbeat, every 20 ms, was late by; in brackets the same of another process of that priority that "
        "computes 5 ms per beat. All runs shared two cores with four trainings and with other tests; those at nice 10 "
        "had what these left, a few hundredths of a core: their times say that the program holds out, not how fast it "
        "is. The runs at nice 0 say how fast, and are too short to tell about memory."
    )
    return f"{text}\n\n{table([*head, 'took'], rows(found))}"


def main() -> None:
    """Fill the place between the marks."""
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{page(read('endurance.json'))}\n\n{END}{after}")


if __name__ == "__main__":
    main()
