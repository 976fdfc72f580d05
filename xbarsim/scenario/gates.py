"""Which experts are at work on which token: a router's choice as gates that are open or not."""

from __future__ import annotations

from typing import Any

from xbarsim.engine.flow import Flow
from xbarsim.errors import WorkloadError
from xbarsim.scenario.deliveries import gate_name
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.routing import Router

NO_ROUTER = "no router is given: every expert works on every token"
Open = dict[str, list[bool]]  # by gate, for each of its jobs


class Gates:
    """The gates of one network; without a router, or without experts, all are open.

    Positions are tokens in their order; those of a decode step come after the tokens of its context.
    """

    def __init__(self, graph: OpGraph, router: Router | None):
        self.graph = graph
        self.router = router if graph.experts else None
        self.positions = self._positions()

    @property
    def notes(self) -> tuple[str, ...]:
        return (NO_ROUTER,) if self.graph.experts and self.router is None else ()

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one request."""
        return self.graph.active_macs if self.router is not None else self.graph.macs

    def of(self, request: int, first_token: int | None = None) -> Open:
        """The gates for one request, whose first position is a certain token (that after its context)."""
        if self.router is None:
            return {}
        if first_token is None:
            first_token = self.graph.context.at if self.graph.context is not None else 0
        gates: Open = {}
        for group in self.graph.experts.values():
            tokens = range(first_token, first_token + self.positions[group.name])
            chosen = [self.router.chosen(group.name, request, token) for token in tokens]
            for expert in range(group.count):
                gates[gate_name(group.name, expert)] = [expert in numbers for numbers in chosen]
        return gates

    def _positions(self) -> dict[str, int]:
        """Tokens that the experts of each group work on. Raises: WorkloadError if it is not the same for all."""
        found: dict[str, Any] = {}
        for op in self.graph.ops if self.router is not None else ():
            if op.expert is not None:
                group = op.expert[0]
                if found.setdefault(group, op.positions) != op.positions:
                    raise WorkloadError(
                        f"{self.graph.name}: {op.name} has {op.positions} positions, others of '{group}' have "
                        f"{found[group]}; a router sends tokens, so all operations of an expert need the same number"
                    )
        return found


def run_routed(flow: Flow, requests: int, gates: Gates) -> list[int]:
    """As `run_requests`, each request with the experts that are chosen for its tokens."""
    completions_ps: list[int] = []
    flow.completed = lambda network, request: completions_ps.append(flow.clock.now)
    for request in range(requests):
        flow.let_in(gates=gates.of(request))
    flow.run()
    return completions_ps
