"""The scheduled run: one issue for a tenant that is not as main says, as long as it is not."""

import pytest

from tests.workflows.centre import Centre
from tests.workflows.runner import Outcome

pytestmark = pytest.mark.real


def test_drift_opens_an_issue_keeps_it_up_to_date_and_closes_it(centre: Centre) -> None:
    """Nothing is ever written to the tenant: somebody has to decide which side is right."""
    centre.edit("cy", Billing=5)
    assert not centre.run("drift", centre.scheduled()).is_red
    ((number, text),) = centre.issues("open")
    assert "cy@example.com" in text
    assert "di@example.com" not in text

    centre.edit("di", Spanish=50)
    assert not centre.run("drift", centre.scheduled()).is_red
    ((same, text),) = centre.issues("open")
    assert same == number
    assert "di@example.com" in text

    centre.edit("cy", Billing=60)
    centre.edit("di", Spanish=None)
    assert not centre.run("drift", centre.dispatched()).is_red
    assert centre.issues("open") == []
    assert [closed for closed, _ in centre.issues("closed")] == [number]
    assert centre.writes() == 0


def test_a_plan_that_failed_leaves_the_issue_alone(centre: Centre) -> None:
    """It says nothing about drift: the job is red, the issue neither edited nor closed."""
    centre.edit("cy", Billing=5)
    centre.run("drift", centre.scheduled())
    before = centre.issues("open")
    centre.edit("cy", Billing=60)
    centre.hosting.secrets["plan"]["CXONE_CLIENT_SECRET"] = "withdrawn"
    failed = centre.run("drift", centre.scheduled())
    assert failed.is_red
    assert failed.steps["Plan"].code == 4
    assert failed.steps["Issue"].outcome is Outcome.SKIPPED
    assert centre.issues("open") == before
