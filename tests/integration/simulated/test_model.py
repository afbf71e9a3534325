"""Random calls by several clients at once, with faults, checked against a small model.

ANYUN_MODEL_SEED=N repeats a run; ANYUN_SOAK_MINUTES=N goes on with new seeds for so long
(`build.py test --soak N` does that).
"""

from __future__ import annotations

import os
import secrets
import time

import pytest

from tests.integration.simulated.conftest import Lab
from tests.integration.simulated.model import plan as plans
from tests.integration.simulated.model.run import shrink, try_plan

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROUNDS = 12
SOAK_ROUNDS = 40
SHRINK_S = float(os.environ.get("ANYUN_SHRINK_S", "60"))


def say(text: str) -> None:
    """Shown at once in a long run, and with a failure in any."""
    print(text, flush=True)


async def test_random_calls_agree_with_the_model(lab: Lab) -> None:
    minutes = float(os.environ.get("ANYUN_SOAK_MINUTES", "0"))
    chosen = os.environ.get("ANYUN_MODEL_SEED")
    began = time.monotonic()
    calls = runs = 0
    while True:
        seed = int(chosen) if chosen else secrets.randbits(32)
        plan = plans.make(seed, SOAK_ROUNDS if minutes else ROUNDS)
        calls += await _run(lab, seed, plan)
        runs += 1
        seconds = time.monotonic() - began
        say(f"{runs} runs, {calls} calls in {seconds:.0f} s, all as the model says")
        if seconds >= minutes * 60 or chosen:
            break


async def _run(lab: Lab, seed: int, plan: plans.Plan) -> int:
    """Run one plan; fails with the shrunk one. Returns how many calls were made."""
    say(f"seed {seed}: {len(plan)} rounds")
    odd, answers = await try_plan(lab, plan)
    say(f"seed {seed}: {dict(answers)}")
    if odd:
        lines = "\n".join(odd[:20])
        say(f"seed {seed} failed:\n{lines}")
        found = await shrink(lab, plan, SHRINK_S, say)
        shown = "\n".join(str(item) for item in found)
        pytest.fail(f"ANYUN_MODEL_SEED={seed}\n{lines}\nshrunk to:\n{shown}", pytrace=False)
    return plans.calls_in(plan)
