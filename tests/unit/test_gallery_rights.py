"""Consent, access, erasure that reaches backups, retention, PINs, and a log without names."""

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from depthface_app.core.crop import crop_face
from depthface_app.core.errors import GalleryError
from depthface_app.core.face import HeadPose
from depthface_app.gallery import upkeep
from depthface_app.gallery.access import write_access_file
from depthface_app.gallery.backup import Restored, back_up, restore
from depthface_app.gallery.box import Recipient, new_identity, public_half
from depthface_app.gallery.exchange import export_people, import_people
from depthface_app.gallery.keys import Keychain
from depthface_app.gallery.roles import Duty, Role, demand, has_pins, set_pin, sign_in
from depthface_app.gallery.sealed_rows import SealedRows
from depthface_app.gallery.store import Consent, EnrolmentFrame, GalleryStore
from depthface_app.pipeline.reembedding import reembed_people
from tests.fake_models import axis_vector, fake_card, fake_models
from tests.fakes import fake_frame
from tests.galleries import PASSPHRASE, copied, tamper, template

AGREED = Consent("the door of the laboratory", "2026-11", "de", "2026-11-21T08:00:00+00:00")


on_both = pytest.mark.parametrize("store", ["file", "server"], indirect=True)


@pytest.fixture
def store(request, tmp_path):
    if getattr(request, "param", "file") == "server":
        store = request.getfixturevalue("shared").kiosk("here")
    else:
        store = GalleryStore(tmp_path / "data" / "gallery.sqlite3")
    store.add("Ada", [template(0), template(1)], AGREED)
    store.add("Bob", [template(2)])
    return store


@pytest.fixture
def other(tmp_path):
    return GalleryStore(tmp_path / "another computer" / "gallery.sqlite3")


def frame():
    seen = fake_frame()
    crop = crop_face(seen.depth_float(), seen.intrinsics, (0.0, 0.0, 610.0))
    return EnrolmentFrame(crop, HeadPose(3, -2, 1))


def log_of(store):
    with store.vault.reading() as opened:
        return opened.audit_log()


def answers(_):
    return PASSPHRASE


def test_a_consent_is_kept_with_the_person_and_can_be_given_later(store):
    assert store.person("Ada").consent == AGREED
    assert store.person("Bob").consent is None
    later = replace(AGREED, language="fr", expires_at="2999-01-01T00:00:00+00:00")
    store.consent("Bob", later)
    store.rename("Bob", "Robert")
    assert GalleryStore(store.path).person("Robert").consent == later


@on_both
def test_whose_consent_has_run_out_is_unknown_at_once_and_soon_erased(store):
    store.consent("Bob", replace(AGREED, expires_at="2026-01-01T00:00:00+00:00"))
    assert store.snapshot("ldnfnet", "1").names == ("Ada",)
    assert store.expire() == 1
    assert store.expire() == 0
    assert [person.name for person in store.people()] == ["Ada"]
    assert [each.details for each in log_of(store)][-2:] == [{"reason": "expired"}, {"erased": 1}]
    store.consent("Ada", replace(AGREED, expires_at="2999-01-01T00:00:00+00:00"))
    with store.vault.reading() as opened:
        assert opened.rows.first_expiry.startswith("2999")
    assert store.expire() == 0


def test_the_log_says_what_was_done_and_never_to_whom_by_name(store):
    person = store.person("Ada").id
    store.rename("Ada", "Ada L.")
    store.remove("Ada L.", "consent withdrawn")
    log = log_of(store)
    assert [(each.action, each.person) for each in log if each.person == person] == [
        ("enrolled", person), ("consent", person), ("renamed", person), ("erased", person),
    ]  # fmt: skip
    assert log[-1].details == {"reason": "consent withdrawn"}
    assert not any(name in json.dumps([each.details for each in log]) for name in ("Ada", "Bob", "laboratory"))


@on_both
def test_a_person_gets_everything_that_is_stored_about_them_in_one_file(store, tmp_path):
    store.add("Ada", [template(3, frame=frame())])
    path = tmp_path / "ada.json"
    write_access_file(store, "ada", path)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["person"]["name"] == "Ada"
    assert told["person"]["consent"]["purpose"] == AGREED.purpose
    assert len(told["templates"]) == 3
    np.testing.assert_allclose(told["templates"][2]["embedding"], axis_vector(3), atol=1e-6)
    assert len(told["enrolment_frames"]) == 1
    assert [each["action"] for each in told["what_was_done"]] == ["enrolled", "consent", "views added", "access given"]
    assert "Bob" not in path.read_text(encoding="utf-8")
    with pytest.raises(GalleryError, match="cannot be written"):
        write_access_file(store, "Ada", tmp_path / "no folder" / "ada.json")
    assert [each.action for each in log_of(store)].count("access given") == 1


@on_both
def test_an_erasure_gives_a_receipt_that_the_log_bears_out(store):
    person = store.person("Ada").id
    receipt = store.remove("Ada")
    assert (receipt.person, receipt.templates, receipt.frames, receipt.backups) == (person, 2, 0, ())
    with store.vault.reading() as opened:
        ((mac,),) = opened.rows.db.execute("SELECT mac FROM audit WHERE number = ?", (receipt.entry,)).fetchall()
        left = opened.rows.db.execute("SELECT COUNT(*) FROM record WHERE person = ?", (person,)).fetchone()
    assert mac.hex() == receipt.link
    assert left == (0,)


@on_both
def test_a_backup_brings_everybody_to_another_computer(store, other, tmp_path):
    store.add("Bob", [template(4, frame=frame())])
    back_up(store.vault, tmp_path, Recipient.of_passphrase(PASSPHRASE))
    assert restore(other.vault, tmp_path, answers) == Restored(2, 5, 0)
    assert restore(other.vault, tmp_path, answers) == Restored(0, 0, 0)
    assert other.person("Ada").consent == AGREED
    assert len(other.frames("Bob")) == 1
    gallery = other.snapshot("ldnfnet", "1")
    assert gallery.match(axis_vector(4), "ldnfnet 1", 0.9).name == "Bob"
    upkeep.verify(other)


@on_both
def test_nobody_who_was_erased_comes_back_from_a_backup(store, other, tmp_path):
    folder, kept = tmp_path / "backup", tmp_path / "kept"
    for each in (folder, kept):
        each.mkdir()
    back_up(store.vault, folder, Recipient.of_passphrase(PASSPHRASE))
    old_keys = {path: path.read_bytes() for path in folder.glob("*.keys")}
    receipt = store.remove("Bob")
    assert receipt.backups == (str(folder),)
    assert restore(other.vault, folder, answers) == Restored(1, 2, 1)
    assert [person.name for person in other.people()] == ["Ada"]
    for path, content in old_keys.items():  # somebody had a copy of the keys file from before
        path.write_bytes(content)
    assert restore(store.vault, folder, answers) == Restored(0, 0, 1)
    assert restore(other.vault, folder, answers) == Restored(0, 0, 1)
    assert [person.name for person in store.people()] == ["Ada"]


def test_a_backup_that_is_not_there_stands_on_the_receipt(store, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    back_up(store.vault, folder, Recipient.of_passphrase(PASSPHRASE))
    folder.rename(tmp_path / "unplugged")
    assert store.remove("Bob").unreached == (str(folder),)
    (tmp_path / "unplugged").rename(folder)
    back_up(store.vault, folder)
    assert len(list(folder.glob("*.records"))) == 2


def test_a_backup_brings_back_what_was_lost_and_changes_nothing_else(store, tmp_path):
    back_up(store.vault, tmp_path, Recipient.of_passphrase(PASSPHRASE))
    store.rename("Ada", "Ada L.")
    store.add("Cy", [template(5)])
    with store.vault.writing() as opened:  # as `accept` does with what is damaged
        opened.rows.drop_person(opened.rows.find("Bob"))
        opened.note("lost")
    assert restore(store.vault, tmp_path, answers) == Restored(1, 1, 0)
    assert [person.name for person in store.people()] == ["Ada L.", "Bob", "Cy"]


def test_a_name_that_is_taken_comes_back_beside_it(store, other, tmp_path):
    back_up(store.vault, tmp_path, Recipient.of_passphrase(PASSPHRASE))
    other.add("Ada", [template(6)])
    restore(other.vault, tmp_path, answers)
    assert [person.name for person in other.people()] == ["Ada", "Ada (from a backup)", "Bob"]


def test_people_of_one_name_come_back_from_the_backups_of_several_galleries(store, other, tmp_path):
    other.add("Ada", [template(6)])
    for number in range(3):
        gallery = GalleryStore(tmp_path / f"gallery {number}" / "gallery.sqlite3")
        gallery.add("Ada", [template(number)])
        folder = tmp_path / f"backup {number}"
        folder.mkdir()
        back_up(gallery.vault, folder, Recipient.of_passphrase(PASSPHRASE))
        assert restore(other.vault, folder, answers) == Restored(1, 1, 0)
    names = [person.name for person in other.people()]
    assert names == ["Ada", "Ada (from a backup 2)", "Ada (from a backup 3)", "Ada (from a backup)"]
    assert restore(other.vault, folder, answers) == Restored(0, 0, 0)


def test_what_is_wrong_with_the_gallery_is_not_blamed_on_the_backup(store, other, tmp_path, monkeypatch):
    back_up(store.vault, tmp_path, Recipient.of_passphrase(PASSPHRASE))

    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(SealedRows, "add_person", full)
    with pytest.raises(GalleryError, match=r"another computer.* cannot be used \(database or disk is full\)"):
        restore(other.vault, tmp_path, answers)


def test_a_damaged_keys_file_is_refused_and_changes_nothing(store, other, tmp_path):
    back_up(store.vault, tmp_path, Recipient.of_passphrase(PASSPHRASE))
    (path,) = tmp_path.glob("*.keys")
    whole = path.read_bytes()
    for place in range(3, len(whole), len(whole) // 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(GalleryError, match=r"\.keys"):
            restore(other.vault, tmp_path, answers)
    assert other.people() == ()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE record SET sealed = x'00' || substr(sealed, 2) WHERE kind = 'template'",
        "UPDATE record SET sealed = substr(sealed, 1, length(sealed) - 1) || x'00' WHERE kind = 'template'",
        "DELETE FROM record WHERE kind = 'template'",
        "UPDATE meta SET value = x'00' || substr(value, 2) WHERE key = 'digest'",
        "DELETE FROM meta",
        "DROP TABLE record",
    ],
)
def test_a_damaged_records_file_is_refused_and_changes_nothing(store, other, tmp_path, change):
    path = back_up(store.vault, tmp_path, Recipient.of_key(public_half(secret := new_identity())))
    tamper(path, change)
    with pytest.raises(GalleryError, match="damaged"):
        restore(other.vault, tmp_path, answers, [secret])
    assert other.people() == ()


def test_a_backup_opens_for_its_passphrase_or_key_only(store, other, tmp_path):
    with pytest.raises(GalleryError, match="holds no backup yet; say with --passphrase or --to"):
        back_up(store.vault, tmp_path)
    secret = new_identity()
    back_up(store.vault, tmp_path, Recipient.of_key(public_half(secret)))
    with pytest.raises(GalleryError, match="whose secret key is not here"):
        restore(other.vault, tmp_path, answers, [new_identity()])
    assert restore(other.vault, tmp_path, answers, [secret]).people == 2
    back_up(store.vault, tmp_path, Recipient.of_passphrase(PASSPHRASE))
    with pytest.raises(GalleryError, match="The passphrase does not open"):
        restore(other.vault, tmp_path, lambda _: "another one")
    with pytest.raises(GalleryError, match="DEPTHFACE_FILE_PASSPHRASE"):
        restore(other.vault, tmp_path, lambda _: None)
    with pytest.raises(GalleryError, match="There is no backup"):
        restore(other.vault, tmp_path / "data", answers)


def test_a_backup_in_the_midst_of_new_keys_and_rotations_still_fits(store, other, tmp_path):
    upkeep.renew(store)
    upkeep.rekey(store)
    back_up(store.vault, tmp_path, Recipient.of_passphrase(PASSPHRASE))
    upkeep.renew(store)
    store.remove("Ada")
    restore(other.vault, tmp_path, answers)
    assert other.snapshot("ldnfnet", "1").match(axis_vector(2), "ldnfnet 1", 0.9).name == "Bob"


@on_both
def test_people_travel_sealed_to_a_gallery_or_a_passphrase(store, other, tmp_path):
    path = tmp_path / "people.sealed"
    export_people(store, path, ["Ada"], Recipient.of_key(upkeep.public_key(other)))
    assert b"Ada" not in path.read_bytes()
    with pytest.raises(GalleryError, match="whose secret key is not here"):
        import_people(store, path)
    assert import_people(other, path) == (1, 2, 0)
    assert other.person("Ada").consent == AGREED
    export_people(store, path, ["Bob"], Recipient.of_passphrase(PASSPHRASE))
    assert import_people(other, path, answers) == (1, 1, 0)
    whole = path.read_bytes()
    path.write_bytes(whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:])
    with pytest.raises(GalleryError, match="is damaged or was changed"):
        import_people(other, path, answers)
    with pytest.raises(GalleryError, match="is no public key"):
        Recipient.of_key("age1nonsense")


@on_both
def test_who_was_erased_and_is_carried_in_again_has_to_agree_again(store, tmp_path):
    path = tmp_path / "people.json"
    export_people(store, path)
    before = store.person("Ada").id
    store.remove("Ada")
    assert import_people(store, path) == (2, 2, 1)
    assert store.person("Ada").consent is None
    assert store.person("Ada").id != before


@on_both
def test_enrolment_frames_let_another_recogniser_know_everybody_again(store):
    store.add("Cy", [template(4, frame=frame()), template(5, frame=frame())])
    kept = store.frames("Cy")
    np.testing.assert_array_equal(kept[0].frame.crop.depth_mm, frame().crop.depth_mm)
    assert (kept[0].frame.pose, kept[0].frame.crop.intrinsics) == (frame().pose, frame().crop.intrinsics)
    models = fake_models()
    models.recogniser.card = fake_card("recogniser", version="2", threshold=0.6)
    assert list(reembed_people(store, models)) == ["Cy"]
    assert list(reembed_people(store, models)) == []
    gallery = store.snapshot("fake-recogniser", "2")
    assert gallery.names == ("Cy",)
    assert gallery.outdated == ("Ada", "Bob")
    assert "stay unknown until enrolled again" in gallery.problem
    assert store.person("Cy").models == ("ldnfnet 1", "fake-recogniser 2")


def test_without_pins_everybody_may_do_everything(store):
    assert not has_pins(store.vault)
    with pytest.raises(GalleryError, match="without an administrator's"):
        set_pin(store.vault, Role.OPERATOR, "123456")
    with pytest.raises(GalleryError, match="at least 6"):
        set_pin(store.vault, Role.ADMINISTRATOR, "12345")


@on_both
def test_each_role_may_do_its_part_and_is_named_in_the_log(store):
    set_pin(store.vault, Role.ADMINISTRATOR, "271828")
    set_pin(store.vault, Role.OPERATOR, "314159")
    role = sign_in(store.vault, "314159")
    demand(role, Duty.CHANGE_PEOPLE)
    with pytest.raises(GalleryError, match="Only the administrator may carry people away"):
        demand(role, Duty.CARRY_AWAY)
    with pytest.raises(GalleryError, match="Only the operator"):
        demand(Role.VISITOR, Duty.SEE_PEOPLE)
    store.rename("Bob", "Robert")
    assert log_of(store)[-1].role == "operator"
    demand(sign_in(store.vault, "271828"), Duty.KEEP_GALLERY)
    with store.vault.reading() as opened:
        assert b"314159" not in opened.rows.get("roles")


def test_guessing_a_pin_soon_takes_too_long(store):
    set_pin(store.vault, Role.ADMINISTRATOR, "271828")
    at = datetime(2026, 11, 21, tzinfo=UTC)
    for _ in range(5):
        with pytest.raises(GalleryError, match="nobody's"):
            sign_in(store.vault, "000000", at)
    again = GalleryStore(store.path)  # starting anew does not help
    with pytest.raises(GalleryError, match="Too many wrong PINs"):
        sign_in(again.vault, "271828", at + timedelta(seconds=59))
    with pytest.raises(GalleryError, match="nobody's"):
        sign_in(again.vault, "000000", at + timedelta(seconds=61))
    with pytest.raises(GalleryError, match="Too many wrong PINs"):
        sign_in(again.vault, "271828", at + timedelta(seconds=61 + 119))
    assert sign_in(again.vault, "271828", at + timedelta(seconds=61 + 121)) is Role.ADMINISTRATOR
    assert [each.action for each in log_of(store)].count("wrong PIN") == 6


def test_a_gallery_moves_with_its_files(store, tmp_path):
    moved = GalleryStore(copied(store, tmp_path / "moved"), Keychain(tmp_path / "moved" / "gallery.key"))
    assert [person.name for person in moved.people()] == ["Ada", "Bob"]
