"""`depthface people`: who is enrolled."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from depthface_app.build import Setup, open_gallery
from depthface_app.cli.saying import number_of, say, say_json
from depthface_app.gallery.exchange import export_people, import_people
from depthface_app.gallery.store import Person

people = typer.Typer(help="List, show, rename, remove, export and import people.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON object per person.")]


def _line(person: Person) -> str:
    views = number_of(person.templates, "view", "views")
    return f"{person.name}: {views}, enrolled {person.enrolled_at[:10]} with {', '.join(person.models)}"


@people.command("list")
def list_people(ctx: typer.Context, as_json: Json = False) -> None:
    """Everyone who is enrolled."""
    setup: Setup = ctx.obj
    everyone = open_gallery(setup).people()
    for person in everyone:
        if as_json:
            say_json(asdict(person))
        else:
            say(_line(person))
    if not everyone and not as_json:
        say("Nobody is enrolled.")


@people.command()
def show(ctx: typer.Context, name: str, as_json: Json = False) -> None:
    """One person with every view."""
    setup: Setup = ctx.obj
    store = open_gallery(setup)
    person, templates = store.person(name), store.templates(name)
    views = [
        {"source": t.source, "taken_at": t.taken_at, "quality": t.quality, "model": f"{t.model_name} {t.model_version}"}
        for t in templates
    ]
    if as_json:
        say_json({**asdict(person), "views": views})
        return
    say(_line(person))
    for view in views:
        source = view["source"] or "unknown source"
        say(f"  {source}  {view['taken_at']}  quality {view['quality']:.2f}  {view['model']}")


@people.command()
def rename(ctx: typer.Context, name: str, to: str) -> None:
    """Give a person another name."""
    setup: Setup = ctx.obj
    open_gallery(setup).rename(name, to)
    say(f"{name} is now {to}")


@people.command()
def remove(ctx: typer.Context, name: str) -> None:
    """Forget a person and every view."""
    setup: Setup = ctx.obj
    open_gallery(setup).remove(name)
    say(f"{name} is forgotten")


@people.command("export")
def export_to(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these people.")] = None,
) -> None:
    """Write people to a file, to carry them to another computer."""
    setup: Setup = ctx.obj
    count = export_people(open_gallery(setup), file, names or [])
    say(f"{file}: {number_of(count, 'person', 'people')}")


@people.command("import")
def import_from(ctx: typer.Context, file: Annotated[Path, typer.Argument(help="An exported file.")]) -> None:
    """Add the people of an exported file."""
    setup: Setup = ctx.obj
    count, fresh = import_people(open_gallery(setup), file)
    say(f"{file}: {number_of(count, 'person', 'people')}, {number_of(fresh, 'new view', 'new views')}")
