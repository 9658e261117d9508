"""A gallery that many kiosks share, on a real server."""

import threading

import numpy as np
import psycopg
import pytest

from depthface_app.core.errors import GalleryError, GalleryUnreachable
from depthface_app.gallery import upkeep
from depthface_app.gallery.backup import back_up, restore
from depthface_app.gallery.box import Recipient
from depthface_app.gallery.keys import Keychain, WrongPassphrase
from depthface_app.gallery.roles import Role, set_pin, sign_in
from depthface_app.gallery.shared import SharedStore, share
from depthface_app.gallery.store import GalleryStore
from tests.fake_models import axis_vector
from tests.galleries import PASSPHRASE, copied, template
from tests.shared_galleries import DATABASE, wait_for

DAMAGED = "was changed or damaged from outside"


def names(store):
    return store.snapshot("ldnfnet", "1").names


def test_what_one_kiosk_writes_another_reads(shared):
    here, there = shared.kiosk("here"), shared.kiosk("there")
    here.add("Ada", [template(0)])
    here.add("Bob", [template(1), template(2)])
    assert there.vault.catch_up()
    assert names(there) == ("Ada", "Bob")
    np.testing.assert_allclose(there.templates("Bob")[1].vector, axis_vector(2), atol=1e-6)
    there.rename("Ada", "Zoe")
    there.remove("Bob")
    here.add("Cy", [template(3)])  # catches up by itself before it writes
    assert names(here) == ("Cy", "Zoe")
    assert not here.vault.catch_up()
    upkeep.verify(here)


def test_two_who_exchange_their_names_while_a_kiosk_is_away(shared):
    here, there = shared.kiosk("here"), shared.kiosk("there")
    here.add("Ada", [template(0)])
    here.add("Bob", [template(1)])
    there.vault.catch_up()
    here.rename("Ada", "X")
    here.rename("Bob", "Ada")
    here.rename("X", "Bob")
    here.remove("Ada")
    here.add("Ada", [template(2)])
    there.vault.catch_up()
    assert there.snapshot("ldnfnet", "1").match(axis_vector(0), "ldnfnet 1", 0.9).name == "Bob"
    assert there.snapshot("ldnfnet", "1").match(axis_vector(2), "ldnfnet 1", 0.9).name == "Ada"
    upkeep.verify(there)


def test_a_change_rings_at_the_other_kiosks(shared):
    here, there = shared.kiosk("here"), shared.kiosk("there")
    seen, said = [], []
    stop = there.watch(lambda: seen.append(names(there)), said.append)
    try:
        wait_for(lambda: said == [""])
        for change, expected in (
            (lambda: here.add("Ada", [template(0)]), ("Ada",)),
            (lambda: here.rename("Ada", "Bob"), ("Bob",)),
            (lambda: here.remove("Bob"), ()),
        ):
            change()
            wait_for(lambda expected=expected: seen[-1:] == [expected])
    finally:
        stop()
    assert set(said) == {""}
    assert not any(thread.name == "shared gallery" for thread in threading.enumerate())


def test_news_that_another_program_or_a_change_brought_into_the_copy_rings_too(shared):
    here, there, beside = shared.kiosk("here"), shared.kiosk("there"), shared.kiosk("there")
    seen, said = [], []
    stop = there.watch(lambda: seen.append(names(there)), said.append)
    try:
        wait_for(lambda: seen == [()])
        with there.vault._turn:  # the watch waits
            here.add("Ada", [template(0)])
            assert beside.vault.catch_up()
        wait_for(lambda: seen[-1] == ("Ada",))
        with there.vault._turn:
            here.rename("Ada", "Bob")
            with pytest.raises(GalleryError, match="Nobody called"):
                there.remove("Ada")
        wait_for(lambda: seen[-1] == ("Bob",))
    finally:
        stop()


def test_a_kiosk_goes_on_without_its_server_and_catches_up(shared):
    here, there = shared.kiosk("here"), shared.kiosk("there")
    here.add("Ada", [template(0)])
    seen, said = [], []
    stop = there.watch(lambda: seen.append(names(there)), said.append)
    try:
        wait_for(lambda: seen == [("Ada",)])
        shared.postgres.kill()
        wait_for(lambda: "cannot be reached" in said[-1])
        assert names(there) == ("Ada",)
        with pytest.raises(GalleryUnreachable, match=r"cannot be reached .* nothing was changed"):
            there.rename("Ada", "Bob")
        again = shared.kiosk("there")  # a start without the network
        assert names(again) == ("Ada",)
        assert "cannot be reached" in again.problem
        assert again.expire() == 0
        with pytest.raises(GalleryUnreachable):
            shared.kiosk("new")
        shared.postgres.start()
        wait_for(lambda: said[-1] == "")
        here.add("Cy", [template(1)])
        wait_for(lambda: seen[-1] == ("Ada", "Cy"))
    finally:
        stop()
    assert not shared.kiosk("there").problem


def test_kiosks_that_write_at_once_lose_nothing(shared):
    def enrol(letter):
        own = shared.kiosk(letter)
        for number in range(5):
            own.add(f"{letter}{number}", [template(number)])

    threads = [threading.Thread(target=enrol, args=(letter,)) for letter in "XYZ"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = shared.kiosk("X")
    assert len(last.people()) == 15
    assert upkeep.verify(last).audit_entries == 17  # sealed, shared, and theirs


def test_a_change_that_fails_leaves_server_and_copy_as_they_were(shared):
    here = shared.kiosk("here")
    here.add("Ada", [template(0)])
    with pytest.raises(GalleryError, match="not a unit vector"):
        here.add("Bob", [template(1), type(template())(np.zeros(8, np.float32), "ldnfnet", "1")])
    assert names(here) == ("Ada",)
    assert not here.vault.catch_up()
    assert names(shared.kiosk("new")) == ("Ada",)


def test_a_stop_between_server_and_copy_is_made_up_for(shared, monkeypatch):
    here = shared.kiosk("here")

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("depthface_app.gallery.replica.Place.write", stop)
        with pytest.raises(KeyboardInterrupt):
            here.add("Ada", [template(0)])
    assert names(here) == ()
    assert names(shared.kiosk("here")) == ("Ada",)


def test_a_wrong_passphrase_opens_nothing_and_leaves_nothing(shared):
    shared.kiosk("here").add("Ada", [template(0)])
    for wrong in ("a wrong passphrase", ""):
        with pytest.raises(GalleryError, match="does not open|sealed with a passphrase"):
            shared.kiosk("new", wrong)
    assert names(shared.kiosk("new")) == ("Ada",)
    with pytest.raises(WrongPassphrase):
        shared.kiosk("new", "a wrong passphrase")


def test_a_copy_with_a_key_of_its_own_starts_unattended(shared):
    here = shared.kiosk("here")
    here.add("Ada", [template(0)])
    upkeep.relock(here, "file")
    assert names(shared.kiosk("here", None)) == ("Ada",)
    assert shared.kiosk("there").lock.kind == "passphrase"


def test_the_owner_changes_the_passphrase_and_the_keys(shared):
    here, there = shared.kiosk("here"), shared.kiosk("there")
    here.add("Ada", [template(0)])
    upkeep.relock(there, "passphrase", "only of this copy")
    assert names(shared.kiosk("new")) == ("Ada",)
    with pytest.raises(GalleryError, match=r"may not do that .* Come as the gallery's owner"):
        upkeep.rekey(here, "other words for all")
    assert names(shared.kiosk("here")) == ("Ada",)
    upkeep.relock(shared.kiosk("owner", role="owner"), "passphrase", "other words for all")
    with pytest.raises(WrongPassphrase):
        shared.kiosk("newer")
    assert names(shared.kiosk("newer", "other words for all")) == ("Ada",)
    upkeep.rekey(shared.kiosk("owner", "other words for all", role="owner"), "words for new keys")
    with pytest.raises(GalleryError, match="sealed with a passphrase meanwhile; start the program again"):
        here.vault.catch_up()
    assert names(here) == ("Ada",)  # it goes on with what it has
    with pytest.raises(WrongPassphrase):
        shared.kiosk("here")


def test_a_kiosk_follows_new_keys_with_the_new_passphrase(shared, monkeypatch):
    here = shared.kiosk("here")
    here.add("Ada", [template(0)])
    upkeep.rekey(shared.kiosk("owner", role="owner"), "words for new keys")
    monkeypatch.setenv("DEPTHFACE_PASSPHRASE", "words for new keys")
    assert here.vault.catch_up()
    here.add("Bob", [template(1)])
    assert names(shared.kiosk("here", "words for new keys")) == ("Ada", "Bob")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE depthface.record SET sealed = set_bit(sealed, 200, 1 - get_bit(sealed, 200)) WHERE kind = 'template'",
        "UPDATE depthface.record SET model = 'ldnfnet 2' WHERE kind = 'template'",
        "UPDATE depthface.person SET key = set_bit(key, 200, 1 - get_bit(key, 200))",
        "DELETE FROM depthface.record WHERE number = (SELECT max(number) FROM depthface.record)",
        "DELETE FROM depthface.person WHERE id = (SELECT min(id) FROM depthface.person)",
        "UPDATE depthface.audit SET mac = set_bit(mac, 9, 1 - get_bit(mac, 9)) WHERE number = 4",
        "DELETE FROM depthface.audit WHERE number = 4",
        "UPDATE depthface.state SET head = set_bit(head, 200, 1 - get_bit(head, 200))",
        "UPDATE depthface.record AS a SET sealed = b.sealed FROM depthface.record AS b"
        " WHERE a.kind = 'template' AND b.kind = 'template' AND a.id <> b.id",
    ],
)
def test_rows_touched_on_the_server_are_noticed_by_a_new_kiosk_and_by_one_that_follows(shared, statement):
    here, there = shared.kiosk("here"), shared.kiosk("there")
    here.add("Ada", [template(0)])
    here.add("Bob", [template(1)])
    shared.tamper(statement)
    with pytest.raises(GalleryError, match=DAMAGED):
        shared.kiosk("new")
    with pytest.raises(GalleryError, match=DAMAGED):
        there.vault.catch_up()
    assert names(there) == ()
    assert DAMAGED in shared.kiosk("there").problem
    assert names(here) == ("Ada", "Bob")
    upkeep.accept(shared.kiosk("here", role="owner", repairs=True))  # what the kiosk knows goes back
    assert there.vault.catch_up()
    assert names(there) == names(shared.kiosk("new")) == ("Ada", "Bob")


def test_what_a_kiosk_has_cannot_be_taken_from_it_by_the_server(shared):
    here = shared.kiosk("here")
    here.add("Ada", [template(0)])
    shared.tamper("UPDATE depthface.record SET sealed = 'nothing'")
    shared.tamper("DELETE FROM depthface.audit")
    with pytest.raises(GalleryError, match=DAMAGED):
        shared.kiosk("new")
    assert names(shared.kiosk("here")) == ("Ada",)
    upkeep.verify(here)


def test_a_server_that_was_rolled_back_is_noticed(shared):
    here = shared.kiosk("here")
    here.add("Ada", [template(0)])
    with psycopg.connect(shared.address("owner")) as connection:
        old = {
            table: connection.execute(f"SELECT * FROM depthface.{table}").fetchall()
            for table in ("state", "person", "record", "audit")
        }
    here.remove("Ada")

    def roll_back(**more):
        with psycopg.connect(shared.address("owner")) as connection:
            for table in ("record", "person", "audit", "state"):
                connection.execute(f"DELETE FROM depthface.{table}")
            for table, rows in old.items():
                for row in rows:
                    marks = ", ".join(["%s"] * len(row))
                    connection.execute(f"INSERT INTO depthface.{table} VALUES ({marks})", row)
            for column, value in more.items():
                connection.execute(f"UPDATE depthface.state SET {column} = %s", (value,))

    for more in ({}, {"sequence": 99}, {"generation": 99, "sequence": 99}):
        roll_back(**more)
        with pytest.raises(GalleryError, match=DAMAGED):
            here.vault.catch_up()
        with pytest.raises(GalleryError, match=DAMAGED):
            here.add("Eve", [template(1)])
        assert names(here) == ()
    here.path.unlink()  # a copy that is fetched anew still knows by its anchor how far the gallery had come
    with pytest.raises(GalleryError, match="had come to 4; this is an old copy"):
        shared.kiosk("here")


def test_an_older_copy_put_in_place_of_this_computers_shows(shared, tmp_path):
    here = shared.kiosk("here")
    here.add("Ada", [template(0)])
    old = copied(here, tmp_path / "old", (".sqlite3",))
    here.remove("Ada")
    here.path.write_bytes(old.read_bytes())
    with pytest.raises(GalleryError, match="this is an old copy"):
        shared.kiosk("here")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE depthface.audit SET mac = mac",
        "DELETE FROM depthface.audit",
        "DELETE FROM depthface.record",
        "UPDATE depthface.state SET lock = lock",
        "UPDATE depthface.state SET generation = 0",
        "DELETE FROM depthface.state",
        "TRUNCATE depthface.person CASCADE",
        "DROP TABLE depthface.audit",
        "ALTER TABLE depthface.record DROP COLUMN sealed",
        "CREATE TABLE depthface.more (number integer)",
    ],
)
def test_a_kiosks_role_cannot_do_what_kiosks_do_not_do(shared, statement):
    with psycopg.connect(shared.address()) as connection:
        assert connection.execute("SELECT count(*) FROM depthface.audit").fetchone() == (2,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_an_owner_without_all_the_rights_of_a_server_can_share(shared, tmp_path):
    shared.postgres.database("kept")
    with psycopg.connect(shared.postgres.address("owner", "kept"), autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_roles WHERE rolname = 'keeper'").fetchone() is None:
            connection.execute("CREATE ROLE keeper LOGIN CREATEROLE")
        connection.execute("GRANT CREATE ON DATABASE kept TO keeper")
    made = share(tmp_path / "one" / "copy.sqlite3", shared.postgres.address("keeper", "kept"), PASSPHRASE)
    made.add("Ada", [template(0)])
    upkeep.rekey(made, "other words for all")
    keychain = Keychain(tmp_path / "two.key", lambda _: "other words for all")
    kiosk = SharedStore(tmp_path / "two.sqlite3", keychain, None, shared.postgres.address("kiosk", "kept"))
    assert names(kiosk) == ("Ada",)


def test_a_role_that_is_no_kiosk_sees_nothing(shared):
    with psycopg.connect(shared.address("owner"), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS somebody")
        connection.execute("CREATE ROLE somebody LOGIN")
    with pytest.raises(GalleryError, match="may not do that"), shared.server("somebody").session():
        pass


def test_an_erasure_reaches_the_backups_of_another_kiosk_when_it_follows(shared, tmp_path):
    here, there = shared.kiosk("here"), shared.kiosk("there")
    here.add("Ada", [template(0)])
    here.add("Bob", [template(1)])
    there.vault.catch_up()
    (tmp_path / "backup").mkdir()
    back_up(there.vault, tmp_path / "backup", Recipient.of_passphrase(PASSPHRASE))
    (tmp_path / "backup").rename(tmp_path / "not here")
    assert len(here.remove("Ada").unreached) == 1
    (tmp_path / "not here").rename(tmp_path / "backup")
    there.vault.catch_up()
    other = GalleryStore(tmp_path / "other.sqlite3")
    assert restore(other.vault, tmp_path / "backup", lambda _: PASSPHRASE).erased == 1
    assert [person.name for person in other.people()] == ["Bob"]


def test_a_server_that_does_not_encrypt_is_not_spoken_to_where_that_is_demanded(shared, tmp_path):
    shared.postgres.kill()
    shared.postgres.start("127.0.0.1")
    try:
        open_way = f"postgresql://kiosk@127.0.0.1:{shared.postgres.port}/{DATABASE}"
        keychain = Keychain(tmp_path / "copy.key", lambda _: PASSPHRASE)
        ca = tmp_path / "ca.pem"
        ca.touch()
        with pytest.raises(GalleryUnreachable, match="SSL|certificate"):
            SharedStore(tmp_path / "copy.sqlite3", keychain, None, f"{open_way}?sslmode=verify-full&sslrootcert={ca}")
        assert names(SharedStore(tmp_path / "copy.sqlite3", keychain, None, open_way)) == ()
    finally:
        shared.postgres.kill()
        shared.postgres.start()


def test_a_newer_shared_gallery_is_refused(shared):
    here = shared.kiosk("here")
    shared.tamper("UPDATE depthface.state SET version = 99")
    with pytest.raises(GalleryError, match="newer version of this program"):
        here.vault.catch_up()
    assert names(here) == ()


def test_sharing_twice_or_nowhere_is_one_sentence(shared, tmp_path):
    with pytest.raises(GalleryError, match="already; nothing was changed"):
        share(tmp_path / "again" / "copy.sqlite3", shared.address("owner"), PASSPHRASE)
    assert list((tmp_path / "again").iterdir()) == []
    with pytest.raises(GalleryError, match="move it away first"):
        share(shared.owner.path, shared.address("owner"), PASSPHRASE)
    shared.postgres.database("empty")
    with pytest.raises(GalleryError, match="There is no shared gallery"):
        SharedStore(tmp_path / "copy.sqlite3", None, None, shared.postgres.address("kiosk", "empty"))


def test_a_key_file_carried_over_opens_it_too(shared, tmp_path):
    shared.postgres.database("other")
    address = shared.postgres.address("owner", "other")
    made = share(tmp_path / "one" / "copy.sqlite3", address, None)
    made.add("Ada", [template(0)])
    other = tmp_path / "two" / "copy.sqlite3"
    with pytest.raises(GalleryError, match="is not in"):
        SharedStore(other, None, None, address)
    other.with_suffix(".key").write_bytes(made.path.with_suffix(".key").read_bytes())
    assert names(SharedStore(other, None, None, address)) == ("Ada",)


def test_another_gallery_at_the_address_is_refused(shared):
    here = shared.kiosk("here")
    shared.tamper("UPDATE depthface.state SET gallery = 'another'")
    with pytest.raises(GalleryError, match="is another than the one"):
        here.vault.catch_up()


def test_a_pin_opens_the_door_without_the_server_too(shared):
    here = shared.kiosk("here")
    set_pin(here.vault, Role.ADMINISTRATOR, "271828")
    shared.postgres.kill()
    assert sign_in(here.vault, "271828") is Role.ADMINISTRATOR
    for _ in range(5):
        with pytest.raises(GalleryError, match="nobody's"):
            sign_in(here.vault, "111111")
    with pytest.raises(GalleryError, match="Too many wrong PINs"):
        sign_in(here.vault, "271828")


def test_nothing_readable_lies_on_the_server(shared):
    here = shared.kiosk("here")
    vector = np.random.default_rng(1).standard_normal(1920).astype(np.float32)
    vector /= np.linalg.norm(vector)
    made = type(template())(vector, "ldnfnet", "1", 0.9, "Zxq source.png")
    here.add("Zacharias Öczy", [made])
    here.rename("Zacharias Öczy", "Zebediah Öczy")
    with here.vault.reading() as opened:
        turned = opened.secrets.turn(vector)
        data_key = here.vault.data_key(opened)
    with psycopg.connect(shared.address("owner"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    files = [each for each in shared.postgres.folder.rglob("*") if each.is_file()]
    content = b"\0".join(each.read_bytes() for each in files)
    assert b"depthface_kiosk" in content  # the search does see what is there
    secret = ["Zacharias", "Zebediah", "Zxq source", PASSPHRASE]
    for wanted in [*(each.encode() for each in secret), data_key, vector[:4].tobytes(), turned[:4].tobytes()]:
        for form in (wanted, wanted.hex().encode()):
            assert form not in content
