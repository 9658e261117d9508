"""What other kiosks change reaches the window, and a server that is away is told and forgotten."""

from tests.ui.conftest import LIMIT_MS
from tests.ui.states import ADA, Desk
from tests.ui.values import Scene


def test_the_window_follows_a_shared_gallery(tmp_path, seat, qtbot, shared):
    other = shared.kiosk("other")
    desk = seat(Desk(tmp_path, Scene(ADA), store=shared.kiosk("window")))
    window, banner = desk.window, desk.window.stage.banner

    def wait(condition):
        qtbot.waitUntil(condition, timeout=LIMIT_MS)

    wait(lambda: window.identity.plate.name == "Ada Lovelace")
    other.rename("Ada Lovelace", "Augusta")
    wait(lambda: window.identity.plate.name == "Augusta")
    assert "Augusta" in window.people.names()
    shared.postgres.kill()
    wait(lambda: banner.isVisible() and banner.title.text() == "Shared gallery not followed")
    assert window.identity.plate.name == "Augusta"
    window.people.renamed.emit("Augusta", "Eve")
    wait(lambda: "cannot be reached" in window.stage.toast.title.text())
    shared.postgres.start()
    wait(lambda: not banner.isVisible())
    other.remove("Augusta")
    wait(lambda: window.identity.plate.name == "Unknown")
