"""`depthface compare`: two runs of `depthface inspect` on the same frames."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from depthface_app.cli.saying import note, say, say_json
from depthface_app.core.files import whole_file
from depthface_app.pipeline.runs import results
from depthface_app.pipeline.runs.comparing import Compared, as_values, compared
from depthface_app.pipeline.runs.parts import unwritable


def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of one run: depthface inspect ... -o RUN.")],
    second: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of another, on the same recordings.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write a page, e.g. compared.html.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what the second run does better than the first, frame by frame, and how sure that is."""
    found = compared(results.read(first), results.read(second), (str(first), str(second)))
    if as_json:
        say_json(as_values(found))
    else:
        _tell(found)
    if output is not None:
        _write(found, output)


def _tell(found: Compared) -> None:
    from depthface_app.pipeline.runs.report.content import number, with_interval  # drawing libraries load slowly

    table = Table("figure", "unit", "frames", "first", "second", "change", "second is", title_justify="left")
    for name, figure, each in found.figures:
        means = (number(side.mean, figure) for side in (each.first, each.second))
        change = with_interval(each, figure)
        table.add_row(name, figure.unit, str(each.change.count), *means, change, each.verdict)
    for name, one, other in found.apart:
        say(f"{name.replace('_', ' ')}: first {one}, second {other}")
    say(f"{found.frames} frames are in both runs. {found.words}")
    Console().print(table)


def _write(found: Compared, output: Path) -> None:
    from depthface_app.pipeline.runs.report.html import comparison_page

    try:
        with whole_file(output) as part:
            part.write_text(comparison_page(found), encoding="utf-8")
    except OSError as error:
        raise unwritable(output, error) from error
    note(f"{output} is written.")
