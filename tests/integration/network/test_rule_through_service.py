"""A rule that is changed by the API holds on two hosts: the benchmark of it, in short."""

from __future__ import annotations

import os

import pytest

from tests.bench.network import SERVICE, apart
from tests.bench.rule_effect import EFFECT_WITHIN_S

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for network namespaces")


def test_a_changed_rule_holds_on_both_hosts() -> None:
    found = apart("--part", SERVICE, "--changes", "4")
    assert found.keys() == {"rule_effect_s", "rule_effect_max_s", "rule_effect_hosts_apart_s"}
    effect_s = found["rule_effect_max_s"]
    assert isinstance(effect_s, float)
    assert 0 < effect_s < EFFECT_WITHIN_S
