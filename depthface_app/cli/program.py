"""The program `depthface`: global options, the table of commands, and the door through which errors leave."""

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import platformdirs
import typer
from typer.core import TyperGroup

from depthface_app import __version__
from depthface_app.build import Setup
from depthface_app.cli.asking import gallery_passphrase
from depthface_app.cli.saying import note
from depthface_app.core.errors import DepthFaceError
from depthface_app.pipeline.settings import SETTINGS_FILE, load_settings, with_overrides

log = logging.getLogger(__name__)

INTERRUPTED = 130
# Name → what runs it, in a module of this package that is loaded when it is asked for: the window, which opens first,
# would wait a fifth of a second for the others.
COMMANDS = {
    "app": "app.show_window",
    "cameras": "cameras.cameras",
    "record": "record.record",
    "replay": "replay.replay",
    "denoise": "denoise.denoise",
    "enroll": "enroll.enroll",
    "identify": "identify.identify",
    "inspect": "inspect.inspect",
    "compare": "compare.compare",
    "bench": "bench.bench",
    "doctor": "diagnose.doctor",
    "people": "people.people",
    "gallery": "gallery.gallery",
    "session": "session.session",
}
_WITH_VALUE = ("--data-dir", "--threads", "--provider", "--gallery")
_ALONE = ("--verbose", "-v")
_ENDS = ("--help", "--version")


class _Loaded(Mapping[str, Any]):
    """COMMANDS, each made when somebody looks it up."""

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __getitem__(self, name: str) -> Any:
        module, _, attribute = COMMANDS[name].partition(".")
        found = getattr(import_module(f"depthface_app.cli.{module}"), attribute)
        alone = typer.Typer(rich_markup_mode=None)
        if isinstance(found, typer.Typer):
            alone.add_typer(found, name=name)
        else:
            alone.command(name)(found)
        return typer.main.get_group(alone).commands[name]


class _WindowByDefault(TyperGroup):
    """Runs `app` when no command is named, so that `depthface --source S` opens the window."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Loaded()  # type: ignore[assignment]  # nobody adds to them

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, with_command(args))


def with_command(arguments: list[str]) -> list[str]:
    """The arguments with `app` put where a command's name is missing."""
    place = 0
    while place < len(arguments) and arguments[place].startswith("-"):
        name = arguments[place].partition("=")[0]
        if name in _ENDS:
            return arguments
        if name in _WITH_VALUE:
            place += 1 if "=" in arguments[place] else 2
        elif name in _ALONE:
            place += 1
        else:
            return [*arguments[:place], "app", *arguments[place:]]
    return arguments if place < len(arguments) else [*arguments, "app"]


def _show_version(is_asked: bool) -> None:
    if is_asked:
        print(f"depthface {__version__}")
        raise typer.Exit


def _begin(
    ctx: typer.Context,
    data_dir: Annotated[
        Path | None, typer.Option(envvar="DEPTHFACE_DATA_DIR", help="Where people and settings are kept.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=256, help="Threads per network.")] = None,
    provider: Annotated[str | None, typer.Option(help="Where networks run: cpu, cuda ...")] = None,
    gallery_address: Annotated[
        str | None, typer.Option("--gallery", metavar="ADDRESS", help="A shared gallery, postgresql://ROLE@HOST/DB.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what is going on.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,
) -> None:
    """DepthFace finds, denoises and names faces in a depth camera's stream."""
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s", force=True)
    folder = (data_dir or Path(platformdirs.user_data_dir("depthface", appauthor=False))).expanduser()
    settings, warnings = load_settings(folder / SETTINGS_FILE)
    for warning in warnings:
        note(warning)
    given = {"threads": threads, "provider": provider, "gallery": gallery_address}
    chosen = {key: value for key, value in given.items() if value is not None}
    settings, _ = with_overrides(settings, chosen, "the command line")
    ctx.obj = Setup(settings, folder, gallery_passphrase)


def program() -> typer.Typer:
    """All commands under one name."""
    return typer.Typer(
        cls=_WindowByDefault,
        callback=_begin,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        add_completion=False,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 done, 1 the work failed (one line on stderr), 2 wrong use."""
    try:
        program()(args=arguments, prog_name="depthface")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except DepthFaceError as error:
        note(str(error))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        log.info("unforeseen", exc_info=True)
        note(f"something unforeseen went wrong ({type(error).__name__}: {error}); run it with --verbose for details.")
        return 1
    return 0
