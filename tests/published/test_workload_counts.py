"""Multiply-accumulates and parameters of the shipped workloads: torch's counters, and published totals."""

from functools import cache

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from xbarsim.workload.graph import OpGraph, OpKind
from xbarsim.workload.load import load_workload, shipped_names, shipped_path
from xbarsim.workload.model_file import ModelFile
from xbarsim.workload.workload_file import read_workload_file

NAMES = shipped_names()
COUNTED_BY_TORCH = [name for name in NAMES if name != "lstm"]  # the counter does not know recurrent layers

# name: (parameters, multiply-accumulates in units of 1e6, source)
PUBLISHED = {
    "vgg16": (138_357_544, 15_470, "model cards of the published weights"),
    "resnet18": (11_689_512, 1_814, "model cards of the published weights"),
    "resnet50": (25_557_032, 4_089, "model cards of the published weights"),
    "mobilenetv2": (3_504_872, 301, "model cards of the published weights; 300 M in the paper's table 4"),
    "gpt2_prefill": (124_439_808, None, "the published checkpoint"),
    "gpt2_decode": (124_439_808, None, "the published checkpoint"),
    "bert_base": (109_482_240, None, "the published checkpoint, uncased, with pooler"),
    "bert_large": (335_141_888, None, "the published checkpoint, uncased, with pooler"),
    "vit_small": (22_050_664, 4_599, "the published checkpoint; 4.6 G in DeiT's table 5"),
}


@cache
def graph(name: str) -> OpGraph:
    return load_workload(name).graph


def model_file(name: str) -> ModelFile:
    found = read_workload_file(shipped_path(name), name).model
    assert found is not None
    return found


@cache
def meta_model(name: str) -> torch.nn.Module:
    """The model without memory for its weights: shapes are all that counters look at."""
    with torch.device("meta"):
        return model_file(name).build().eval()


@pytest.mark.parametrize("name", COUNTED_BY_TORCH)
def test_multiply_accumulates_are_those_that_torch_counts(name):
    inputs = {
        one.name or str(number): torch.zeros(one.shape, dtype=getattr(torch, one.type), device="meta")
        for number, one in enumerate(model_file(name).inputs)
    }
    model, plain = meta_model(name), sdpa_kernel(SDPBackend.MATH)
    with torch.no_grad(), torch.device("meta"), plain, FlopCounterMode(display=False) as counter:
        model(*inputs.values())
    assert graph(name).macs == counter.get_total_flops() // 2


def test_multiply_accumulates_of_the_lstm_follow_from_its_sizes():
    tokens, units, words = 16, 650, 10_000
    per_step = 2 * (4 * units * units + 4 * units * units)  # two layers, input and state
    assert graph("lstm").macs == tokens * (per_step + units * words)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_those_of_the_modules(name):
    assert graph(name).parameters == sum(one.numel() for one in meta_model(name).parameters())


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_totals(name):
    parameters, megamacs, _ = PUBLISHED[name]
    assert graph(name).parameters == parameters
    if megamacs is not None:
        assert round(graph(name).macs / 1e6) == megamacs


def test_resnet9_has_the_weights_that_the_64_core_chip_holds():
    assert graph("resnet9_cifar10").weights == 1_866_536


def test_the_self_correcting_network_is_the_one_of_the_published_code():
    """Ivanov, arXiv 2310.00337: images of 28 > 26 > 9 > 7 > 4, three matrices, 2,886 parameters."""
    sizes, image = [28], torch.zeros(1, 1, 28, 28)
    for module in model_file("ivanov_mnist").build():
        image = module(image)
        if isinstance(module, torch.nn.Conv2d | torch.nn.MaxPool2d):
            sizes.append(image.shape[-1])
    assert sizes == [28, 26, 9, 7, 4]
    assert image.shape == (1, 10)
    for name in ("ivanov_mnist", "cnn_digits"):  # scaled to 8x8 images, its matrices stay the same
        matrices = [(matrix.rows, matrix.columns) for matrix in graph(name).matrices.values()]
        assert matrices == [(9, 8), (72, 12), (192, 10)]
        assert graph(name).parameters == 2_886
    assert graph("ivanov_mnist").macs == 48_672 + 42_336 + 1_920


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_in_a_matrix_or_in_memory(name):
    """But for batch normalisation, which is folded, and for the head that shares the word table's weights."""
    modules = meta_model(name).modules()
    norms = [one for one in modules if isinstance(one, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d)]
    folded = sum(one.bias.numel() for one in norms)  # scale and shift became one bias
    tied = 50_257 * 768 if name.startswith("gpt2") else 0
    held = sum(op.table_parameters for op in graph(name).ops)
    in_arrays = sum(matrix.parameters for matrix in graph(name).matrices.values())
    assert held + in_arrays == graph(name).parameters - folded + tied


@pytest.mark.parametrize("name", NAMES)
def test_operations_are_consistent(name):
    for op in graph(name).ops:
        if op.kind is OpKind.MVM:
            matrix = graph(name).matrices[op.matrix]
            assert op.macs == op.positions * matrix.weights
            assert op.width == matrix.columns * matrix.groups
        elif op.kind is OpKind.PRODUCT:
            assert op.macs == op.elements * op.inner
        else:
            assert op.macs == 0
        assert (op.element_ops > 0) == (
            op.kind in (OpKind.ELEMENTWISE, OpKind.NORMALISATION, OpKind.SOFTMAX, OpKind.POOLING)
        )
        for producer, need in zip(op.inputs, op.needs, strict=True):
            last = need.last_needed(op.positions)
            first = need.first_needed(op.positions)
            assert len(last) == len(first) == op.positions
            assert last.max() < graph(name).by_name[producer].positions
            assert first.min() >= 0 and last.min() >= -1
            assert (last[1:] >= last[:-1]).all() and (first[1:] >= first[:-1]).all()
