"""How commands speak: results on stdout, everything else on stderr."""

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

T = TypeVar("T")


def say(line: str) -> None:
    """One line of result for people."""
    print(line, flush=True)


def number_of(count: int, one: str, many: str) -> str:
    """A number with its noun: `1 view`, `2 views`."""
    return f"{count} {one if count == 1 else many}"


def say_json(values: dict[str, Any]) -> None:
    """One JSON object on one line; what is not a number becomes null."""
    print(json.dumps(_finite(values), ensure_ascii=False), flush=True)


def note(line: str) -> None:
    """One line beside the result: a warning, an error, what is going on."""
    print(f"depthface: {line}", file=sys.stderr, flush=True)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


@contextmanager
def progress(text: str, total: float | None = None) -> Iterator[Callable[[float, str], None]]:
    """A bar on stderr while something goes on; only where a person can see it.

    Args:
        total: what counts as done; None shows that something moves without saying how far it is.

    Yields:
        A function that takes how much is done and what to write beside the bar.
    """
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(text, total=total)

        def move(done: float, words: str) -> None:
            bar.update(task, completed=done, description=words or text)

        yield move


def counted(items: Iterable[T], text: str, total: int | None = None) -> Iterator[T]:
    """The items, with a bar that moves as they are taken."""
    with progress(text, total) as move:
        for index, item in enumerate(items):
            move(index, "")
            yield item
