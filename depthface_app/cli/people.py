"""`depthface people`: who is enrolled, and what they have a right to."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from depthface_app.build import Setup, build_models
from depthface_app.cli.asking import FILE_PASSPHRASE_VARIABLE, file_passphrase, gallery_for, new_passphrase
from depthface_app.cli.inputs import frames_of, only_face
from depthface_app.cli.saying import note, number_of, say, say_json
from depthface_app.core.errors import GalleryError
from depthface_app.core.files import whole_file
from depthface_app.gallery.access import write_access_file
from depthface_app.gallery.box import Recipient
from depthface_app.gallery.exchange import export_people, import_people
from depthface_app.gallery.records import now
from depthface_app.gallery.roles import Duty
from depthface_app.gallery.store import Consent, GalleryStore, Person, Receipt
from depthface_app.pipeline.correction import evidence

people = typer.Typer(help="List, show, rename, remove, export and import people; consents.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON object per person.")]
ReceiptFile = Annotated[Path | None, typer.Option("--receipt", help="Write the receipt of the erasure here.")]
To = Annotated[str | None, typer.Option("--to", help="Seal it for the holder of this age key (age1...).")]
WithPassphrase = Annotated[bool, typer.Option("--passphrase", help="Seal it with a passphrase.")]


def chosen_recipient(to: str | None, passphrase: bool) -> Recipient | None:
    """Who may open what is written, by the options; None when neither was given."""
    if to and passphrase:
        raise typer.BadParameter("give either --to or --passphrase")
    if passphrase:
        return Recipient.of_passphrase(new_passphrase(FILE_PASSPHRASE_VARIABLE))
    return Recipient.of_key(to) if to else None


def identities(file: Path | None) -> list[str]:
    """The age secret keys in a file, as `age-keygen` writes them."""
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GalleryError(f"{file} cannot be read ({error}).") from error
    return [line for line in lines if line.startswith("AGE-SECRET-KEY-1")]


def _gallery(ctx: typer.Context, duty: Duty) -> GalleryStore:
    setup: Setup = ctx.obj
    return gallery_for(setup, duty)


def _line(person: Person) -> str:
    views = number_of(person.templates, "view", "views")
    return f"{person.name}: {views}, enrolled {person.enrolled_at[:10]} with {', '.join(person.models)}"


@people.command("list")
def list_people(ctx: typer.Context, as_json: Json = False) -> None:
    """Everyone who is enrolled."""
    everyone = _gallery(ctx, Duty.SEE_PEOPLE).people()
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
    store = _gallery(ctx, Duty.SEE_PEOPLE)
    person, templates = store.person(name), store.templates(name)
    views = [
        {"source": t.source, "taken_at": t.taken_at, "quality": t.quality, "model": f"{t.model_name} {t.model_version}"}
        for t in templates
    ]
    if as_json:
        say_json({**asdict(person), "views": views})
        return
    say(_line(person))
    say(f"  {_consent_words(person.consent)}")
    for view in views:
        source = view["source"] or "unknown source"
        say(f"  {source}  {view['taken_at']}  quality {view['quality']:.2f}  {view['model']}")


def _consent_words(consent: Consent | None) -> str:
    if consent is None:
        return "no consent on record"
    until = f"until {consent.expires_at[:10]}" if consent.expires_at else "until withdrawn"
    return f"consented {consent.given_at[:10]} to “{consent.purpose}” (text {consent.text_version}), {until}"


@people.command()
def rename(ctx: typer.Context, name: str, to: str) -> None:
    """Give a person another name."""
    _gallery(ctx, Duty.CHANGE_PEOPLE).rename(name, to)
    say(f"{name} is now {to}")


@people.command()
def remove(ctx: typer.Context, name: str, receipt: ReceiptFile = None) -> None:
    """Forget a person and every view."""
    _told(name, _gallery(ctx, Duty.CHANGE_PEOPLE).remove(name), receipt)


@people.command()
def withdraw(ctx: typer.Context, name: str, receipt: ReceiptFile = None) -> None:
    """A person takes their consent back: forget them, and say so in the audit log."""
    _told(name, _gallery(ctx, Duty.CHANGE_PEOPLE).remove(name, "consent withdrawn"), receipt)


def _told(name: str, erased: Receipt, file: Path | None) -> None:
    if file is not None:
        try:
            with whole_file(file, private=True) as part:
                part.write_text(json.dumps(asdict(erased), indent=1), encoding="utf-8")
        except OSError as error:
            note(f"the receipt {file} cannot be written: {error.strerror}; the person is forgotten all the same")
    for folder in erased.unreached:
        note(f"the backup in {folder} was not there; `depthface gallery backup` takes the person's key from it too")
    say(f"{name} is forgotten")


@people.command()
def deny(
    ctx: typer.Context,
    name: str,
    picture: Annotated[Path, typer.Argument(help="A picture of one face that was taken for that person.")],
    intrinsics: Annotated[Path | None, typer.Option(help="JSON with fx fy cx cy width height.")] = None,
) -> None:
    """Keep that a face is not a person's, so that it is not taken for them again."""
    setup: Setup = ctx.obj
    store, models = _gallery(ctx, Duty.CHANGE_PEOPLE), build_models(setup.settings)
    face = only_face(next(frames_of(picture, setup, intrinsics)), picture, models)
    store.deny(name, evidence(face, models.recogniser.card, picture.name))
    say(f"{picture} is not taken for {name} any more")


@people.command("take-back")
def take_back(ctx: typer.Context, name: str) -> None:
    """Forget what `deny`, here or in the window, said of a person."""
    say(f"{number_of(_gallery(ctx, Duty.CHANGE_PEOPLE).take_back(name), 'face', 'faces')} taken back")


@people.command()
def consent(
    ctx: typer.Context,
    name: str,
    purpose: Annotated[str, typer.Option(help="What the face is used for, as the person was told.")],
    text_version: Annotated[str, typer.Option(help="Which consent text the person saw.")],
    language: Annotated[str, typer.Option(help="Language of that text, e.g. de.")],
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Forget the person on this day (UTC) by itself.")
    ] = None,
) -> None:
    """Record what a person agreed to."""
    until = expires.replace(tzinfo=UTC).isoformat(timespec="seconds") if expires else ""
    agreed = Consent(purpose, text_version, language, now(), until)
    _gallery(ctx, Duty.CHANGE_PEOPLE).consent(name, agreed)
    say(f"{name} {_consent_words(agreed)}")


@people.command()
def access(ctx: typer.Context, name: str, file: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write everything that is stored about a person, for that person."""
    write_access_file(_gallery(ctx, Duty.CARRY_AWAY), name, file)
    say(f"{file}: everything that is stored about {name}, readable by whoever has the file")


@people.command("export")
def export_to(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these people.")] = None,
    to: To = None,
    passphrase: WithPassphrase = False,
) -> None:
    """Write people to a file, to carry them to another computer."""
    recipient = chosen_recipient(to, passphrase)
    count = export_people(_gallery(ctx, Duty.CARRY_AWAY), file, names or [], recipient)
    say(f"{file}: {number_of(count, 'person', 'people')}")
    if recipient is None:
        note(f"{file} is not sealed: whoever has it reads names and templates; --to or --passphrase seals it")


@people.command("import")
def import_from(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="An exported file.")],
    identity: Annotated[Path | None, typer.Option(help="A file with the age secret key that opens it.")] = None,
) -> None:
    """Add the people of an exported file."""
    store = _gallery(ctx, Duty.CHANGE_PEOPLE)
    count, fresh, erased = import_people(store, file, file_passphrase, identities(identity))
    if erased:
        note(f"{number_of(erased, 'person', 'people')} of {file} had been erased here; ask for their consent again")
    say(f"{file}: {number_of(count, 'person', 'people')}, {number_of(fresh, 'new view', 'new views')}")
