"""Mixtures of experts: whose operation is whose, what is done for the experts that are chosen, and the errors."""

import pytest
import torch
from torch import nn

from xbarsim.errors import WorkloadError
from xbarsim.workload.capture import trace
from xbarsim.workload.experts import Experts, with_experts
from xbarsim.workload.graph import ExpertGroup, OpGraph, OpKind
from xbarsim.workload.load import load_workload
from xbarsim.workload.trace import load_trace, save_trace

TOKENS, WIDTH, COUNT = 5, 6, 4
GROUP = ExpertGroup("experts", COUNT, 2)


def added(parts):
    return sum(parts[1:], parts[0])


def from_zero(parts):
    total = torch.zeros(1, TOKENS, WIDTH)
    for part in parts:
        total = total + part
    return total


def stacked(parts):
    return torch.stack(parts, -2).sum(-2)


def stacked_first(parts):
    return torch.stack(parts).sum(0)


class Mixture(nn.Module):
    """Experts of one layer each, behind a router; how their results come together is given."""

    def __init__(self, combine=added, gates="scatter", sizes=(WIDTH,) * COUNT, shared=False) -> None:
        super().__init__()
        self.router = nn.Linear(WIDTH, COUNT)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(WIDTH, n), nn.ReLU(), nn.Linear(n, WIDTH)) for n in sizes
        )
        self.shared = nn.Linear(WIDTH, WIDTH) if shared else None
        self.combine, self.gates = combine, gates

    def weights(self, x):
        best, places = self.router(x).softmax(-1).topk(2, -1)
        if self.gates == "scatter":
            return torch.zeros(1, TOKENS, COUNT).scatter(-1, places, best)
        if self.gates == "mask":
            return torch.cat([(best * (places == n)).sum(-1, keepdim=True) for n in range(COUNT)], -1)
        chosen = nn.functional.one_hot(places, COUNT)
        return (chosen * best.unsqueeze(-1)).sum(-2)

    def forward(self, x):
        weights = self.weights(x)
        parts = [weights[..., n : n + 1] * expert(x) for n, expert in enumerate(self.experts)]
        if self.shared is not None:
            parts = [self.shared(x), *parts]
        return x + self.combine(parts)


def captured(model: nn.Module, modules: str = "experts.*", top_k: int = 2) -> OpGraph:
    graph = trace(model, torch.zeros(1, TOKENS, WIDTH), name="mixture")
    return with_experts(graph, Experts(modules, top_k))


@pytest.mark.parametrize("gates", ["scatter", "one_hot", "mask"])
@pytest.mark.parametrize("combine", [added, from_zero, stacked, stacked_first])
def test_each_expert_has_its_operations_and_one_sum_takes_the_chosen(combine, gates):
    graph = captured(Mixture(combine, gates))
    assert graph.experts == {"experts": GROUP}
    for number in range(COUNT):
        own = [(op.function, op.macs) for op in graph.ops if op.expert == ("experts", number)]
        macs = TOKENS * WIDTH**2
        assert own == [("linear", macs), ("relu", 0), ("linear", macs), ("mul", 0)]
    (sums,) = (op for op in graph.ops if op.function == "combine")
    assert [graph.by_name[name].expert for name in sums.inputs] == [("experts", n) for n in range(COUNT)]
    assert (sums.kind, sums.element_ops) == (OpKind.ELEMENTWISE, TOKENS * WIDTH)  # one sum of the two
    assert (
        graph.consumers[sums.name] == ("add",) or graph.by_name[graph.consumers[sums.name][0]].expert is None
    )
    shared = TOKENS * WIDTH * COUNT
    assert graph.macs == shared + COUNT * 2 * TOKENS * WIDTH**2
    assert graph.active_macs == shared + 2 * 2 * TOKENS * WIDTH**2


def test_a_shared_expert_comes_to_the_sum_of_the_chosen():
    graph = captured(Mixture(shared=True))
    (sums,) = (op for op in graph.ops if op.function == "combine")
    assert sums.inputs[0] == "shared" and len(sums.inputs) == COUNT + 1
    assert sums.element_ops == 2 * TOKENS * WIDTH


def test_one_expert_for_each_token():
    class Switch(Mixture):
        def weights(self, x):
            best, places = self.router(x).softmax(-1).topk(1, -1)
            return torch.zeros(1, TOKENS, COUNT).scatter(-1, places, best)

    graph = captured(Switch(), top_k=1)
    (sums,) = (op for op in graph.ops if op.function == "combine")
    assert sums.element_ops == TOKENS * WIDTH  # passes it on
    assert graph.active_macs == TOKENS * WIDTH * COUNT + 2 * TOKENS * WIDTH**2


@pytest.mark.parametrize("k", [1, 2, 3])
def test_comparisons_of_a_choice(k):
    class Choice(nn.Module):
        def forward(self, x):
            return x.topk(k, -1)

    op = trace(Choice(), torch.zeros(1, TOKENS, 8)).by_name["topk"]
    assert (op.kind, op.positions, op.width) == (OpKind.POOLING, TOKENS, k)
    assert op.element_ops == TOKENS * sum(8 - 1 - n for n in range(k))


def test_active_work_is_that_of_the_chosen_experts_alone():
    """Against a model that has no more experts than are chosen, and a router for all."""
    small = load_workload("moe_small").graph
    tokens, width, layers, chosen, words = 32, 256, 4, 2, 8_000
    attention = tokens * (4 * width**2 + width * 8) + 2 * tokens**2 * width
    expert = tokens * 3 * width * 2 * width
    assert small.active_macs == layers * (attention + chosen * expert) + width * words
    assert small.macs == layers * (attention + 8 * expert) + width * words


def test_arrays_of_the_small_mixture():
    """As blocks of 256 x 256."""
    graph = load_workload("moe_small").graph
    assert sum(-(-m.rows // 256) * -(-m.columns // 256) for m in graph.matrices.values()) == 244


def test_prefill_and_decode_of_the_mixture_are_one_model():
    prefill, decode = load_workload("moe_small"), load_workload("moe_small_decode")
    assert prefill.graph.matrices == decode.graph.matrices
    assert prefill.graph.experts == decode.graph.experts
    assert prefill.router == decode.router
    assert [op.name for op in prefill.graph.ops if op.expert] == [
        op.name for op in decode.graph.ops if op.expert
    ]


def test_a_trace_keeps_the_experts(tmp_path):
    graph = captured(Mixture())
    save_trace(graph, tmp_path / "a.trace.yaml")
    assert load_trace(tmp_path / "a.trace.yaml") == graph


def product_of_all(parts):
    return parts[0] * parts[1] * parts[2] * parts[3]


def without_last(parts):
    return added(parts[:-1]) + 0 * parts[0].sum()


def refused(model: nn.Module, **options) -> str:
    with pytest.raises(WorkloadError) as caught:
        captured(model, **options)
    return str(caught.value)


def test_what_is_no_mixture():
    assert refused(Mixture(), modules="exprts.*") == (
        "mixture: no operation lies in the experts 'exprts.*'; did you mean 'experts.*'?"
    )
    assert refused(Mixture(), top_k=5) == (
        "mixture: top_k 5 of the 4 experts of 'experts'; allowed: from 1 to the number of experts, "
        "of which there are at least two"
    )
    assert refused(Mixture(product_of_all)) == (
        "mixture: results of experts of 'experts' meet in 'mul.5' (mul), where only sums are understood; "
        "multiply each by its gate, then add them up"
    )
    assert refused(Mixture(sizes=(6, 6, 6, 7))) == (
        "mixture: expert 3 of 'experts' does other work than expert 0 (360 and 420 multiply-accumulates "
        "in expert 0 and 3, 4 and 4 operations)"
    )
