"""xbarsim: a discrete-event simulator of in-memory-computing chips.

    import xbarsim as xs

    chip = xs.load_chip("hermes64")                       # by name, or the path of a YAML file
    work = xs.load_workload("resnet9_cifar10")            # or xs.trace(model, torch.zeros(1, 3, 32, 32))
    result = xs.simulate(chip, work, xs.Infer(requests=3))
    print(result.latency.alone_ns, result.tops_per_w)

Heavy parts (torch, matplotlib, networkx) are imported when they are first needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xbarsim.analog.measure import accuracy
    from xbarsim.api import (
        check,
        layout,
        load_chip,
        load_workload,
        map_network,
        saturation,
        simulate,
        trace,
    )
    from xbarsim.errors import (
        DataError,
        MappingError,
        SimulationError,
        SpecError,
        WorkloadError,
        XbarsimError,
    )
    from xbarsim.maintenance.policy import Policy
    from xbarsim.scenario.accuracy import Judge
    from xbarsim.scenario.arrivals import Constant, OnOff, Poisson, Recorded, Saturated
    from xbarsim.scenario.arrivals_text import read_arrivals
    from xbarsim.scenario.batching import Fixed, OneByOne, TimeOut
    from xbarsim.scenario.generate import Generate, generate
    from xbarsim.scenario.generate_result import GenerateResult
    from xbarsim.scenario.infer import Infer
    from xbarsim.scenario.lifetime_result import LifetimeResult
    from xbarsim.scenario.lifetime_spec import Lifetime
    from xbarsim.scenario.precision import Precision
    from xbarsim.scenario.result import Result
    from xbarsim.scenario.serve_result import ServeResult
    from xbarsim.scenario.serve_spec import Resident, Serve
    from xbarsim.scenario.store import load_result, save_result
    from xbarsim.scenario.train_result import TrainResult
    from xbarsim.scenario.train_spec import Train
    from xbarsim.study.accuracy import accuracy_on
    from xbarsim.study.compare import Comparison, compare
    from xbarsim.study.explored import Explored
    from xbarsim.study.query import frame, query
    from xbarsim.study.search import Search, search
    from xbarsim.study.sensitive import Probe, sensitivity
    from xbarsim.study.store import Store
    from xbarsim.study.study import Study
    from xbarsim.study.study_file import load_study
    from xbarsim.study.sweep import sweep
    from xbarsim.study.vary import Vary
    from xbarsim.validation.validate import validate
    from xbarsim.workload.generation import load_generation

__version__ = "0.1.0"

_HOMES = {
    "Comparison": "xbarsim.study.compare",
    "compare": "xbarsim.study.compare",
    "Explored": "xbarsim.study.explored",
    "Probe": "xbarsim.study.sensitive",
    "Search": "xbarsim.study.search",
    "Store": "xbarsim.study.store",
    "Study": "xbarsim.study.study",
    "load_study": "xbarsim.study.study_file",
    "frame": "xbarsim.study.query",
    "query": "xbarsim.study.query",
    "search": "xbarsim.study.search",
    "sensitivity": "xbarsim.study.sensitive",
    "sweep": "xbarsim.study.sweep",
    "accuracy": "xbarsim.analog.measure",
    "accuracy_on": "xbarsim.study.accuracy",
    "Judge": "xbarsim.scenario.accuracy",
    "Vary": "xbarsim.study.vary",
    "load_chip": "xbarsim.api",
    "load_workload": "xbarsim.api",
    "load_generation": "xbarsim.workload.generation",
    "map_network": "xbarsim.api",
    "trace": "xbarsim.api",
    "validate": "xbarsim.validation.validate",
    "simulate": "xbarsim.api",
    "check": "xbarsim.api",
    "layout": "xbarsim.api",
    "saturation": "xbarsim.api",
    "Infer": "xbarsim.scenario.infer",
    "Serve": "xbarsim.scenario.serve_spec",
    "Lifetime": "xbarsim.scenario.lifetime_spec",
    "LifetimeResult": "xbarsim.scenario.lifetime_result",
    "Train": "xbarsim.scenario.train_spec",
    "TrainResult": "xbarsim.scenario.train_result",
    "Policy": "xbarsim.maintenance.policy",
    "Resident": "xbarsim.scenario.serve_spec",
    "Poisson": "xbarsim.scenario.arrivals",
    "Constant": "xbarsim.scenario.arrivals",
    "OnOff": "xbarsim.scenario.arrivals",
    "Recorded": "xbarsim.scenario.arrivals",
    "Saturated": "xbarsim.scenario.arrivals",
    "read_arrivals": "xbarsim.scenario.arrivals_text",
    "OneByOne": "xbarsim.scenario.batching",
    "Fixed": "xbarsim.scenario.batching",
    "TimeOut": "xbarsim.scenario.batching",
    "Precision": "xbarsim.scenario.precision",
    "Generate": "xbarsim.scenario.generate",
    "GenerateResult": "xbarsim.scenario.generate_result",
    "generate": "xbarsim.scenario.generate",
    "Result": "xbarsim.scenario.result",
    "ServeResult": "xbarsim.scenario.serve_result",
    "load_result": "xbarsim.scenario.store",
    "save_result": "xbarsim.scenario.store",
    "XbarsimError": "xbarsim.errors",
    "SpecError": "xbarsim.errors",
    "DataError": "xbarsim.errors",
    "MappingError": "xbarsim.errors",
    "WorkloadError": "xbarsim.errors",
    "SimulationError": "xbarsim.errors",
}

__all__ = [
    "Comparison",
    "Constant",
    "DataError",
    "Explored",
    "Fixed",
    "Generate",
    "GenerateResult",
    "Infer",
    "Judge",
    "Lifetime",
    "LifetimeResult",
    "MappingError",
    "OnOff",
    "OneByOne",
    "Poisson",
    "Policy",
    "Precision",
    "Probe",
    "Recorded",
    "Resident",
    "Result",
    "Saturated",
    "Search",
    "Serve",
    "ServeResult",
    "SimulationError",
    "SpecError",
    "Store",
    "Study",
    "TimeOut",
    "Train",
    "TrainResult",
    "Vary",
    "WorkloadError",
    "XbarsimError",
    "accuracy",
    "accuracy_on",
    "check",
    "compare",
    "frame",
    "generate",
    "layout",
    "load_chip",
    "load_generation",
    "load_result",
    "load_study",
    "load_workload",
    "map_network",
    "query",
    "read_arrivals",
    "saturation",
    "save_result",
    "search",
    "sensitivity",
    "simulate",
    "sweep",
    "trace",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'xbarsim' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
