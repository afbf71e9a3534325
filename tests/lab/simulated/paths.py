"""The wires between simulated hosts: which frames arrive is a truth that tests set."""

from __future__ import annotations

from dataclasses import dataclass, field

from hostagent.protocol import probe as p
from hostagent.protocol.link import CallContext, CommandFailed

ROUND_TRIP_US = 250

Pair = tuple[str, str]


@dataclass
class PathTruth:
    """Shared by all hosts; pairs are (from, to), by name.

    Nothing arrives on `dead` pairs, frames up to so many bytes on those of `small`, and frames
    with another tag than they were sent with on those of `retagged`.
    """

    dead: set[Pair] = field(default_factory=set)
    small: dict[Pair, int] = field(default_factory=dict)
    retagged: dict[Pair, int] = field(default_factory=dict)
    probes: dict[bytes, dict[int, str]] = field(default_factory=dict)
    asked: dict[bytes, set[int]] = field(default_factory=dict)

    def heal(self) -> None:
        """Everything arrives."""
        self.dead.clear()
        self.small.clear()
        self.retagged.clear()

    def cut_off(self, name: str, others: list[str]) -> None:
        """Nothing gets to a host or from it."""
        self.dead |= {(name, other) for other in others} | {(other, name) for other in others}

    def size(self, source: str, target: str, mtu_bytes: int) -> int:
        """The largest frame that arrives, 0 for none."""
        pair = source, target
        if pair in self.dead or pair in self.retagged:
            return 0
        return min(mtu_bytes, self.small.get(pair, mtu_bytes))


class Paths:
    """One host's part in probes."""

    def __init__(self, name: str, nics: tuple[str, ...], truth: PathTruth) -> None:
        self._name, self._nics, self._truth = name, nics, truth
        self._listening: dict[bytes, p.ProbeListen] = {}

    async def listen(self, params: p.ProbeListen, _: CallContext) -> p.ProbeReady:
        """Take part."""
        interface = params.wire.interface
        if interface is not None and interface not in self._nics:
            raise CommandFailed(
                "path.no_interface", f"this host has no NIC {interface}", interface=interface
            )
        self._listening[params.nonce] = params
        self._truth.probes.setdefault(params.nonce, {})[params.member] = self._name
        return p.ProbeReady(
            place=f"52:54:00:00:00:{params.member % 256:02x}", limit_bytes=params.wire.mtu_bytes
        )

    async def send(self, params: p.ProbeSend, _: CallContext) -> p.ProbeSent:
        """Answers come from those that hear, if theirs are heard."""
        mine = self._listening.get(params.nonce)
        if mine is None:
            raise CommandFailed("path.over", "this host takes no part in the probe")
        truth, names = self._truth, self._truth.probes[params.nonce]
        truth.asked.setdefault(params.nonce, set()).add(mine.member)
        answers = []
        for peer in params.peers:
            name = names.get(peer.member, "")
            size = truth.size(self._name, name, mine.wire.mtu_bytes)
            if size and truth.size(name, self._name, mine.wire.mtu_bytes):
                answer = p.PathAnswer(
                    member=peer.member, max_bytes=size, round_trip_us=ROUND_TRIP_US
                )
                answers.append(answer)
        return p.ProbeSent(answers=answers)

    async def end(self, params: p.ProbeEnd, _: CallContext) -> p.ProbeHeard:
        """What was heard."""
        mine = self._listening.pop(params.nonce, None)
        if mine is None:
            return p.ProbeHeard()
        truth, names = self._truth, self._truth.probes[params.nonce]
        heard = []
        for member in truth.asked.get(params.nonce, set()) - {mine.member}:
            pair = names[member], self._name
            size, tag = truth.size(*pair, mine.wire.mtu_bytes), truth.retagged.get(pair)
            if size or tag is not None:
                heard.append(p.PathHeard(member=member, max_bytes=size, other_tag=tag))
        return p.ProbeHeard(heard=heard)
