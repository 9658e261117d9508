"""Links from a report into the program."""

import pytest

from depthface_app.core.errors import InputError
from depthface_app.core.links import Moment, moment_of


@pytest.mark.parametrize("recording", ["/home/me/a.mcap", "/über/a b&c=d?.mcap", "C:\\me\\100 %.mcap"])
def test_a_link_leads_to_its_frame(recording):
    moment = Moment(recording, 120)
    assert moment_of(moment.link) == moment
    assert " " not in moment.link
    assert moment.source == f"recording:{recording}?frame=120&paused=1"


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org/?recording=a&frame=1",
        "depthface:enrol?recording=a&frame=1",
        "depthface:inspect?frame=1",
        "depthface:inspect?recording=a&frame=-1",
        "depthface:inspect",
        "depthface://[x",
        "depthface:inspect?recording=a&frame=" + "9" * 5000,
    ],
)
def test_anything_else_leads_nowhere(link):
    with pytest.raises(InputError, match="leads nowhere"):
        moment_of(link)
