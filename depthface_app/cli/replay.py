"""`depthface replay`: a recording's results again, and whether they are the same."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from depthface_app.build import Setup, build_models, describe_results, open_gallery, pipeline_options
from depthface_app.cameras.session import SessionReader
from depthface_app.cli.saying import note, number_of, progress, say, say_json
from depthface_app.pipeline.replay import ReplayReport
from depthface_app.pipeline.replay import replay as replay_session
from depthface_app.pipeline.settings import Settings


def replay(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Recognise a recording's frames again. Equal digests of two replays mean equal results bit by bit.

    Results that were recorded (`record --processed`) are held against the new ones; what cannot be compared is said
    with the reason. Exit status 1 if results differ although nothing does that they depend on.
    """
    setup: Setup = ctx.obj
    with SessionReader(file) as reader:
        report = _replay(reader, setup)
    for reason in report.why_not:
        note(reason)
    if as_json:
        say_json({"file": str(file), **asdict(report)})
    else:
        _tell(file, report)
    if report.is_failed:
        raise typer.Exit(1)


def _replay(reader: SessionReader, setup: Setup) -> ReplayReport:
    settings = as_recorded(setup.settings, reader.processing)
    models, options = build_models(settings), pipeline_options(settings)
    card = models.recogniser.card
    gallery = open_gallery(setup).snapshot(card.name, card.version)
    here = describe_results(settings, setup.data_dir, models, gallery, options)
    with progress(f"replaying {reader.path.name}", float(len(reader.with_results) or len(reader))) as move:
        return replay_session(reader, models, gallery, options, here, lambda done, _: move(done, ""))


def as_recorded(settings: Settings, recorded: dict[str, str]) -> Settings:
    """The settings with as many threads as when it was recorded, else one, unless the user chose a number.

    Kernels split sums by the number of threads, so another number may change the last bits.
    """
    threads = recorded.get("threads", "")
    if settings.threads is not None:
        return settings
    return replace(settings, threads=int(threads) if threads.isdigit() and 0 < int(threads) <= 64 else 1)


def _tell(file: Path, report: ReplayReport) -> None:
    say(f"{file}: {number_of(report.frames, 'frame', 'frames')}, {number_of(report.faces, 'face', 'faces')}")
    say(f"  results sha256 {report.sha256}")
    if report.compared:
        same = "identical bit by bit" if report.equal == report.compared else f"{report.equal} of them identical"
        say(f"  {number_of(report.compared, 'recorded result', 'recorded results')} compared: {same}")
    if report.first_difference is not None:
        apart = f"denoised depth up to {report.apart_mm:.3g} mm apart"
        say(f"  first difference in frame {report.first_difference}; {apart}")
    if report.identities:
        say(f"  identities: {report.agreeing} of {report.identities} faces have the same person")
