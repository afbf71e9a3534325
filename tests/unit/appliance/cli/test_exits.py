"""Exit codes are a promise to scripts: these numbers never change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.cli.exits import Exit, Stop, exit_for
from appliance.client import JobFailed
from appliance.protocol import errors
from appliance.protocol.resources import Job, JobState


def test_numbers() -> None:
    assert {code.name: code.value for code in Exit} == {
        "OK": 0,
        "FAILED": 1,
        "USAGE": 2,
        "NOT_FOUND": 3,
        "CONFLICT": 4,
        "DENIED": 5,
        "UNREACHABLE": 6,
        "TIMEOUT": 7,
        "INTERRUPTED": 130,
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidInput("request.bad_value"), 2),
        (errors.NotFound("resource.not_found"), 3),
        (errors.Conflict("vm.wrong_state"), 4),
        (errors.NoResources("placement.no_memory"), 4),
        (errors.Unauthenticated("session.required"), 5),
        (errors.Forbidden("client.certificate_changed"), 5),
        (errors.TooManyRequests("session.slow_down"), 5),
        (errors.Unavailable("client.unreachable"), 6),
        (errors.Internal("internal"), 1),
        (TimeoutError(), 7),
        (KeyboardInterrupt(), 130),
        (OSError("disk full"), 1),
        (Stop("no", Exit.DENIED), 5),
    ],
)
def test_codes(error: BaseException, code: int) -> None:
    assert exit_for(error) == code


def test_a_failed_job_is_1_whatever_its_error() -> None:
    job = Job(
        id="j",
        operation="vm.create",
        state=JobState.FAILED,
        resource_kind="vm",
        resource_id="v",
        resource_name="web",
        account_id="a",
        steps=[],
        percent=0,
        error=errors.ErrorBody(code="storage.no_space"),
        created_at=datetime.now(UTC),
    )
    assert exit_for(JobFailed(job)) == 1
