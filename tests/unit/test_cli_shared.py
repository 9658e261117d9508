"""The commands on a shared gallery, in scripts."""

import json

import pytest

from depthface_app.cli import main
from depthface_app.gallery.address import Address
from tests.galleries import PASSPHRASE


@pytest.fixture
def run(capsys, monkeypatch, tmp_path, shared):
    """Run a command on one of the computers: (status, stdout lines, stderr lines)."""

    def call(computer, *arguments, role="kiosk", **environment):
        with monkeypatch.context() as patch:
            for name, value in {"PASSPHRASE": PASSPHRASE, **environment}.items():
                patch.setenv(f"DEPTHFACE_{name}", value)
            first = ("--data-dir", tmp_path / computer, "--gallery", shared.address(role))
            status = main([str(each) for each in (*first, *arguments)])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return call


@pytest.fixture
def people(tmp_path):
    """A file of people to import."""
    values = {"vector": "AACAPwAAAAA=", "quality": 1.0, "source": "", "taken_at": ""}
    template = {**values, "model_name": "ldnfnet", "model_version": "1"}
    people = [{"name": name, "templates": [template]} for name in ("Ada", "Bob")]
    path = tmp_path / "people.json"
    path.write_text(json.dumps({"format": "depthface.people", "version": 1, "people": people}))
    return path


def test_two_computers_and_the_owner(run, shared, people):
    status, out, err = run("one", "people", "import", people)
    assert (status, err) == (0, [])
    assert [line.split(":")[0] for line in run("two", "people", "list")[1]] == ["Ada", "Bob"]
    assert run("two", "people", "rename", "Ada", "Zoe")[0] == 0
    assert run("one", "people", "withdraw", "Bob")[1] == ["Bob is forgotten"]
    assert len(run("two", "people", "list", "--json")[1]) == 1
    assert run("two", "gallery", "verify")[0] == 0
    status, out, err = run("one", "gallery", "rekey", NEW_PASSPHRASE="other words for all")
    assert (status, out) == (1, [])
    assert "Come as the gallery's owner" in err[0]
    assert run("one", "gallery", "rekey", role="owner", NEW_PASSPHRASE="other words for all")[0] == 0
    assert len(run("three", "people", "list", PASSPHRASE="other words for all")[1]) == 1
    assert "does not open the gallery" in run("four", "people", "list")[2][0]


def test_without_the_server_reading_goes_on_and_writing_is_refused(run, shared, people):
    run("one", "people", "import", people)
    shared.postgres.kill()
    assert len(run("one", "people", "list")[1]) == 2
    status, out, _ = run("one", "gallery", "status", "--json")
    assert "cannot be reached" in json.loads(out[0])["problem"]
    status, out, err = run("one", "people", "remove", "Ada")
    assert (status, out, len(err)) == (1, [], 1)
    assert "nothing was changed. Who is known here stays known." in err[0]
    assert run("five", "people", "list")[0] == 1


def test_a_gallery_is_shared_by_its_owner(run, shared, tmp_path, capsys):
    address = shared.postgres.address("owner", "made")
    shared.postgres.database("made")
    status, out, err = run("one", "gallery", "share", address, NEW_PASSPHRASE="words for all")
    assert (status, err) == (0, [])
    assert "IN ROLE depthface_kiosk" in out[1]
    assert (
        "already; nothing was changed" in run("two", "gallery", "share", address, NEW_PASSPHRASE="words for all")[2][0]
    )
    status, out, err = run("one", "gallery", "share", "postgresql://a@example.org/b?sslmode=require", "--key-file")
    assert "without a checked certificate" in err[0]


def test_a_key_file_opens_a_shared_gallery_although_a_passphrase_is_in_the_environment(run, shared, tmp_path):
    address = shared.postgres.address("owner", "keyed")
    shared.postgres.database("keyed")
    status, _, err = run("one", "gallery", "share", address, "--key-file")
    assert (status, err) == (0, [])
    status, out, _ = run("one", "--gallery", address, "gallery", "status", "--json", PASSPHRASE="")
    assert (status, json.loads(out[0])["seal"]) == (0, "file")


def test_a_gallery_that_could_not_be_shared_leaves_nothing_and_takes_nothing_along(run, shared, tmp_path):
    address = shared.postgres.address("owner", "none")
    shared.postgres.database("none")
    older = (tmp_path / "one" / Address.of(address).file_name).with_suffix(".key")
    older.parent.mkdir()
    older.write_text('{"1": "of another gallery"}')
    status, out, err = run("one", "gallery", "share", address, "--key-file", PASSPHRASE="short")
    assert (status, out, len(err)) == (1, [], 1)
    assert [each for each in (tmp_path / "one").iterdir() if each.is_file()] == [older]
    assert older.read_text() == '{"1": "of another gallery"}'
