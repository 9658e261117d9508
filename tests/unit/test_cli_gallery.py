"""The commands around the gallery's seal, in scripts: no terminal, nobody to ask."""

import json

import pytest

from depthface_app.cli import main
from depthface_app.cli.doctor import Verdict, check_gallery
from depthface_app.gallery.store import GalleryStore
from tests.galleries import template

WORDS = "correct horse battery"


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run a command in an empty folder: (status, stdout lines, stderr lines)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, **environment):
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(f"DEPTHFACE_{name}", value)
            status = main([str(each) for each in arguments])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return call


@pytest.fixture
def file(own_folders):
    path = own_folders / "depthface" / "gallery.sqlite3"
    store = GalleryStore(path)
    store.add("Ada", [template(0), template(1)])
    store.add("Bob", [template(2)])
    return path


def test_a_sealed_gallery_asks_for_its_passphrase_and_says_so(run, file):
    assert run("gallery", "seal", "--passphrase") == (
        1, [], ["depthface: A passphrase is needed; set DEPTHFACE_NEW_PASSPHRASE or run this in a terminal."],
    )  # fmt: skip
    assert run("gallery", "seal", "--passphrase", NEW_PASSPHRASE=WORDS)[0] == 0
    status, out, err = run("people", "list", "--json")
    assert (status, out) == (1, [])
    assert err == [
        "depthface: The gallery is sealed with a passphrase; set DEPTHFACE_PASSPHRASE or run this in a terminal."
    ]
    status, out, err = run("people", "list", "--json", PASSPHRASE="a wrong one")
    assert (status, out) == (1, [])
    assert "does not open the gallery" in err[0]
    status, out, _ = run("people", "list", "--json", PASSPHRASE=WORDS)
    assert status == 0
    assert [json.loads(line)["name"] for line in out] == ["Ada", "Bob"]
    status, out, _ = run("gallery", "status", "--json", PASSPHRASE=WORDS)
    assert json.loads(out[0])["seal"] == "passphrase"


def test_keys_rotation_log_and_check(run, file):
    assert run("gallery", "rekey")[0] == 0
    assert run("gallery", "renew")[1] == ["3 templates renewed"]
    assert run("gallery", "verify")[1] == ["whole: 2 people, 6 records, 4 entries in the log"]
    log = [json.loads(line) for line in run("gallery", "audit", "--json")[1]]
    assert [entry["action"] for entry in log] == ["enrolled", "enrolled", "rekeyed", "renewed"]
    assert len(run("gallery", "audit")[1]) == 4
    assert "key file" in run("gallery", "status")[1][0]
    assert run("gallery", "seal")[0] == 2


def test_a_gallery_changed_from_outside_is_named_and_can_be_kept(run, file, tmp_path):
    old = file.read_bytes()
    run("people", "remove", "Bob", "--receipt", "receipt.json")
    assert json.loads((tmp_path / "receipt.json").read_text())["templates"] == 1
    file.write_bytes(old)
    status, out, err = run("people", "list")
    assert (status, out, len(err)) == (1, [], 1)
    assert "this is an old copy" in err[0]
    assert run("gallery", "accept")[0] == 0
    assert run("people", "list", "--json")[1][0].startswith('{"name": "Ada"')
    assert len(run("people", "list")[1]) == 1


def test_backup_and_restore_on_another_computer(run, file, tmp_path):
    status, out, err = run("gallery", "backup", "backup")
    assert (status, out) == (1, [])
    assert "say with --passphrase or --to who may open it" in err[0]
    assert run("gallery", "backup", "backup", "--passphrase", FILE_PASSPHRASE=WORDS)[0] == 0
    assert run("people", "withdraw", "Bob")[1] == ["Bob is forgotten"]
    elsewhere = ("--data-dir", tmp_path / "elsewhere")
    status, out, _ = run(*elsewhere, "gallery", "restore", "backup", FILE_PASSPHRASE=WORDS)
    assert out == ["1 person and 2 records came back; 1 person erased since, not brought back"]
    assert len(run(*elsewhere, "people", "list")[1]) == 1


def test_a_backup_folder_is_made_for_whoever_may_or_refused_in_one_sentence(run, file, tmp_path):
    run("gallery", "pin", "administrator", NEW_PIN="271828")
    backup = ("gallery", "backup", "backup", "--passphrase")
    assert "asks for a PIN" in run(*backup, FILE_PASSPHRASE=WORDS)[2][0]
    assert not (tmp_path / "backup").exists()
    (tmp_path / "backup").write_text("a file")
    status, out, err = run(*backup, FILE_PASSPHRASE=WORDS, PIN="271828")
    assert (status, out) == (1, [])
    assert err == ["depthface: The folder backup cannot be made: File exists; give another one."]


def test_people_travel_sealed(run, file, tmp_path):
    elsewhere = ("--data-dir", tmp_path / "elsewhere")
    (key,) = run(*elsewhere, "gallery", "identity")[1]
    status, out, err = run("people", "export", "sealed", "Ada", "--to", key)
    assert (status, out, err) == (0, ["sealed: 1 person"], [])
    assert run(*elsewhere, "people", "import", "sealed")[1] == ["sealed: 1 person, 2 new views"]
    assert "is not sealed" in run("people", "export", "open.json")[2][0]
    assert run("people", "export", "x", "--to", key, "--passphrase")[0] == 2


def test_consent_and_access(run, file, tmp_path):
    consent = ("people", "consent", "Ada", "--purpose", "the door", "--text-version", "3", "--language", "en")
    assert run(*consent, "--expires", "2999-12-31")[0] == 0
    assert "consented" in run("people", "show", "Ada")[1][1]
    assert run("people", "access", "Ada", "ada.json")[0] == 0
    assert json.loads((tmp_path / "ada.json").read_text())["person"]["consent"]["expires_at"].startswith("2999-12-31")
    assert run(*consent, "--expires", "2020-12-31")[0] == 0
    assert len(run("people", "list")[1]) == 1


def test_a_pin_guards_the_commands(run, file):
    assert run("gallery", "pin", "administrator", NEW_PIN="271828")[0] == 0
    assert run("gallery", "pin", "visitor")[0] == 2
    assert "asks for a PIN" in run("people", "list")[2][0]
    assert "nobody's" in run("people", "remove", "Ada", PIN="111111")[2][0]
    assert len(run("people", "list", PIN="271828")[1]) == 2
    assert run("gallery", "pin", "administrator", NEW_PIN="", PIN="271828")[0] == 0
    assert len(run("people", "list")[1]) == 2


def test_the_doctor_says_how_people_are_sealed(file, tmp_path):
    assert list(check_gallery(tmp_path / "none.sqlite3")) == []
    (check,) = check_gallery(file)
    assert (check.verdict, check.found) == (Verdict.WARNING, "sealed with a key file beside it")
    assert "gallery seal --passphrase" in check.advice
    file.write_bytes(b"no database at all, only some text")
    (check,) = check_gallery(file)
    assert check.verdict is Verdict.BROKEN
