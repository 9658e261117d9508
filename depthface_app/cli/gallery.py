"""`depthface gallery`: its seal, its keys, its backups, its log."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from depthface_app.build import Setup, open_gallery, reembed, share_gallery
from depthface_app.cli.asking import NEW_PASSPHRASE_VARIABLE, file_passphrase, gallery_for, new_passphrase, new_pin
from depthface_app.cli.people import To, WithPassphrase, chosen_recipient, identities
from depthface_app.cli.saying import counted, note, number_of, say, say_json
from depthface_app.core.errors import GalleryError
from depthface_app.gallery import backup as backups
from depthface_app.gallery import upkeep
from depthface_app.gallery.keys import FILE, KEYRING, PASSPHRASE
from depthface_app.gallery.roles import Duty, Role, has_pins, set_pin
from depthface_app.gallery.store import GalleryStore

gallery = typer.Typer(help="The gallery's seal, keys, backups and log.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

SEALS = {
    KEYRING: "sealed with a key in this user's keyring",
    PASSPHRASE: "sealed with a passphrase",
    FILE: "sealed with a key file beside it, which protects backups without that file and makes erasure final, "
    "but not against somebody who copies the whole folder; `depthface gallery seal --passphrase` does",
}


def _kept(ctx: typer.Context, duty: Duty = Duty.KEEP_GALLERY, *, repairs: bool = False) -> GalleryStore:
    setup: Setup = ctx.obj
    return gallery_for(setup, duty, repairs=repairs)


@gallery.command()
def status(ctx: typer.Context, as_json: Json = False) -> None:
    """How the gallery is sealed, and what is in it."""
    setup: Setup = ctx.obj
    store = open_gallery(setup)
    kind, found = store.lock.kind, upkeep.verify(store)
    with store.vault.reading() as opened:
        folders = [place.folder for place in backups.places(opened)]
    if as_json:
        say_json(
            {
                "file": str(store.path),
                "problem": store.problem,
                "seal": kind,
                **asdict(found),
                "pins": has_pins(store.vault),
                "backups": folders,
            }
        )
        return
    say(f"{store.where}: {SEALS[kind]}")
    if store.problem:
        note(store.problem)
    log = number_of(found.audit_entries, "entry", "entries")
    say(f"{number_of(found.people, 'person', 'people')}, {log} in the audit log")
    say(f"PINs: {'set' if has_pins(store.vault) else 'none; everybody may do everything'}")
    say(f"backups: {', '.join(folders) or 'none'}")


@gallery.command()
def share(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(help="postgresql://OWNER@HOST/DATABASE")],
    key_file: Annotated[
        bool, typer.Option("--key-file", help="Open it with a key file to be carried to every kiosk, not a passphrase.")
    ] = False,
) -> None:
    """Make a gallery on a PostgreSQL server that many kiosks share; nobody is in it yet."""
    setup: Setup = ctx.obj
    passphrase = None if key_file else new_passphrase(NEW_PASSPHRASE_VARIABLE)
    say(share_gallery(replace(setup, settings=replace(setup.settings, gallery=address)), passphrase))
    say("let a kiosk in with: CREATE ROLE kiosk1 LOGIN PASSWORD '...' IN ROLE depthface_kiosk")


@gallery.command()
def seal(
    ctx: typer.Context,
    keyring: Annotated[bool, typer.Option("--keyring", help="With a key in the system's keyring.")] = False,
    passphrase: Annotated[bool, typer.Option("--passphrase", help="With a passphrase, or another one.")] = False,
    file: Annotated[bool, typer.Option("--file", help="With a key file beside it.")] = False,
) -> None:
    """Change what opens the gallery; nobody has to enrol again."""
    kinds = [kind for kind, wanted in ((KEYRING, keyring), (PASSPHRASE, passphrase), (FILE, file)) if wanted]
    if len(kinds) != 1:
        raise typer.BadParameter("give one of --keyring, --passphrase and --file")
    store = _kept(ctx)
    upkeep.relock(store, kinds[0], new_passphrase(NEW_PASSPHRASE_VARIABLE) if passphrase else None)
    say(f"{store.path}: {SEALS[kinds[0]]}")


@gallery.command()
def rekey(ctx: typer.Context) -> None:
    """Seal everything anew under new keys, because an old one may be known; then back up again where backups are."""
    store = _kept(ctx)
    is_typed = store.lock.kind == PASSPHRASE
    upkeep.rekey(store, new_passphrase(NEW_PASSPHRASE_VARIABLE) if is_typed else None)
    with store.vault.reading() as opened:
        folders = [place.folder for place in backups.places(opened)]
    for folder in folders:
        try:
            backups.back_up(store.vault, Path(folder))
        except GalleryError as error:
            note(f"{error} Backups made there before now open with the keys file from before only.")
    say(f"{store.path} has new keys")


@gallery.command()
def renew(ctx: typer.Context) -> None:
    """Give the gallery another rotation: templates that leaked from it match nothing here any more."""
    say(f"{number_of(upkeep.renew(_kept(ctx)), 'template', 'templates')} renewed")


@gallery.command()
def backup(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to; best on another disk.")],
    to: To = None,
    passphrase: WithPassphrase = False,
) -> None:
    """Write a backup into a folder; whom you remove later goes from it too."""
    store, recipient = _kept(ctx), chosen_recipient(to, passphrase)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GalleryError(f"The folder {folder} cannot be made: {error.strerror}; give another one.") from error
    say(f"{backups.back_up(store.vault, folder, recipient)}")


@gallery.command()
def restore(
    ctx: typer.Context,
    source: Annotated[Path, typer.Argument(help="A backup folder, for its newest backup, or a records file.")],
    keys: Annotated[Path | None, typer.Option(help="The keys file, if it lies elsewhere.")] = None,
    identity: Annotated[Path | None, typer.Option(help="A file with the age secret key that opens it.")] = None,
) -> None:
    """Bring back what a backup holds and the gallery lacks; whoever was erased stays erased."""
    store = _kept(ctx)
    done = backups.restore(store.vault, source, file_passphrase, identities(identity), keys)
    came = f"{number_of(done.people, 'person', 'people')} and {number_of(done.records, 'record', 'records')} came back"
    gone = f"; {number_of(done.erased, 'person', 'people')} erased since, not brought back" if done.erased else ""
    say(came + gone)


@gallery.command()
def verify(ctx: typer.Context, as_json: Json = False) -> None:
    """Open every record and check the log; exit status 1 if anything was changed from outside."""
    setup: Setup = ctx.obj
    found = upkeep.verify(open_gallery(setup))
    if as_json:
        say_json(asdict(found))
    else:
        say(f"whole: {found.people} people, {found.records} records, {found.audit_entries} entries in the log")


@gallery.command()
def audit(ctx: typer.Context, as_json: Json = False) -> None:
    """What was done to the gallery, oldest first."""
    with _kept(ctx).vault.reading() as opened:
        log = opened.audit_log()
    for entry in log:
        if as_json:
            say_json(asdict(entry))
            continue
        details = ", ".join(f"{key} {value}" for key, value in entry.details.items())
        say("  ".join(each for each in (entry.at, entry.action, entry.person, entry.role, details) if each))


@gallery.command()
def accept(ctx: typer.Context) -> None:
    """Keep the gallery as it is after it was changed from outside; drop what does not open."""
    records, entries = upkeep.accept(_kept(ctx, repairs=True))
    say(f"kept; {number_of(records, 'record', 'records')} and {number_of(entries, 'log entry', 'log entries')} dropped")


@gallery.command()
def identity(ctx: typer.Context) -> None:
    """This gallery's public key: whoever exports with `--to` and this key, only this gallery can import it."""
    say(upkeep.public_key(_kept(ctx)))


@gallery.command()
def pin(ctx: typer.Context, role: Annotated[str, typer.Argument(help="operator or administrator")]) -> None:
    """Set a role's PIN, or take it away."""
    if role.upper() not in (Role.OPERATOR.name, Role.ADMINISTRATOR.name):
        raise typer.BadParameter("a PIN is an operator's or an administrator's")
    chosen = new_pin()
    set_pin(_kept(ctx).vault, Role[role.upper()], chosen)
    say(f"the {role.lower()}'s PIN is {'set' if chosen else 'taken away'}")


@gallery.command("reembed")
def reembed_people(ctx: typer.Context) -> None:
    """Make templates for the present recogniser from the enrolment frames that were kept."""
    setup: Setup = ctx.obj
    store = _kept(ctx, Duty.CHANGE_PEOPLE)
    done = sum(1 for _ in counted(reembed(setup.settings, store), "reading enrolment frames"))
    say(f"{number_of(done, 'person', 'people')} can be recognised again")
