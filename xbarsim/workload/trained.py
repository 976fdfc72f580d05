"""A model with its trained weights, and labelled images as its inputs: tensors. Imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from xbarsim.data.examples import Examples
from xbarsim.errors import Problem, SpecError, WorkloadError, one_line
from xbarsim.spec.located import closest
from xbarsim.workload.model_file import ModelFile

State = Mapping[str, Tensor]
Network = nn.Module
Labelled = tuple[Tensor, Tensor]  # inputs (n, …), classes (n,)
_INNER = ("state_dict", "model_state_dict")  # where training scripts put weights beside other things


def trained_network(model: ModelFile, weights: Path) -> nn.Module:
    """The model in evaluation mode, with the weights of a file.

    Raises: WorkloadError if the file cannot be read; SpecError with every weight that is missing, unknown, of another
    shape or not finite.
    """
    state = read_state(weights)
    with torch.random.fork_rng(devices=[]):  # building draws first weights, which nobody needs
        network: nn.Module = model.module()
    problems = list(_problems(weights.name, network.state_dict(), state))
    if problems:
        raise SpecError(problems)
    network.load_state_dict(state, strict=False)  # what is still missing shares its memory with what is given
    return network.eval()


def tensors(examples: Examples, shape: tuple[int, ...]) -> Labelled:
    """Inputs (n, *shape[1:]) and labels (n,); shape: of the model's input, with a batch of one."""
    images = torch.from_numpy(examples.images).reshape(-1, *shape[1:])
    return images, torch.from_numpy(examples.labels)


def read_state(path: Path) -> State:
    """The tensors of a file of weights by name. Nothing in it is executed. Raises: WorkloadError."""
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            raise WorkloadError(
                f"{path}: no file of safetensors, or damaged ({one_line(str(error))})"
            ) from error
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise WorkloadError(
            f"{path}: not only weights: a pickled Python object, which could run any code when it is read, so it is "
            f"not read, or a damaged file. {_SAVE}"
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError) as error:
        raise WorkloadError(f"{path}: no file of weights, or damaged ({_first(error)}). {_SAVE}") from error
    return _tensors_of(path, found)


_SAVE = (
    "Save the weights alone, where the network is known: torch.save(network.state_dict(), 'weights.pt') or "
    "safetensors.torch.save_file(network.state_dict(), 'weights.safetensors')"
)


def _first(error: Exception) -> str:
    return one_line(str(error).partition("\n")[0]) or type(error).__name__


def _tensors_of(path: Path, found: object) -> State:
    """A state dict, or the one inside a checkpoint."""
    if isinstance(found, dict):
        found = next((found[key] for key in _INNER if isinstance(found.get(key), dict)), found)
    if not isinstance(found, dict) or not found:
        raise WorkloadError(f"{path}: holds a {type(found).__name__}; allowed: tensors by name. {_SAVE}")
    others = sorted(str(name) for name, value in found.items() if not isinstance(value, Tensor))
    if others:
        raise WorkloadError(
            f"{path}: {', '.join(others[:5])} are no tensors; allowed: tensors by name, at the top or under "
            f"'{_INNER[0]}'. {_SAVE}"
        )
    return found


def _problems(file: str, wanted: State, given: State) -> list[Problem]:
    """One for each weight that does not fit."""
    shared = {wanted[name].data_ptr() for name in given if name in wanted and wanted[name].numel()}
    found = [
        Problem(file, 0, name, "missing", _size(tensor))
        for name, tensor in wanted.items()
        if name not in given and tensor.data_ptr() not in shared
    ]
    absent = sorted(set(wanted) - set(given))
    for name, tensor in given.items():
        if name not in wanted:
            found.append(_unknown(file, name, absent))
        elif tensor.shape != wanted[name].shape:
            found.append(Problem(file, 0, name, _size(tensor), _size(wanted[name])))
        elif not torch.isfinite(tensor).all():
            count = int((~torch.isfinite(tensor)).sum())
            found.append(Problem(file, 0, name, f"{count} of {tensor.numel()} values are not finite"))
    return found


def _unknown(file: str, name: str, absent: list[str]) -> Problem:
    """A weight that the network does not have; absent: what it has and is not given."""
    close = closest(name, absent)
    if close is not None:
        return Problem(file, 0, name, "not in the network", "", f"did you mean '{close}'?")
    left = f"where {', '.join(absent[:5])} has none yet" if absent else "which has all of its own"
    return Problem(file, 0, name, f"not in the network, {left}")


def _size(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"
