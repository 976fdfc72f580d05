"""Point: one run that a study asks for, and the address under which its result is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256

from xbarsim.study.axes import Settings
from xbarsim.study.study import CHIP, MAPPING, SCENARIO, SEED, WORKLOAD


@dataclass(frozen=True)
class Point:
    """A chip, a network and a scenario, each as its file and what is set in it.

    Settings are sorted by key, so that it does not matter in which order they were asked for.
    """

    chip: str
    workload: str
    chip_settings: Settings = ()
    workload_settings: Settings = ()
    scenario: Settings = ()
    seed: int = 0

    @property
    def chip_assignments(self) -> tuple[str, ...]:
        """As after --set."""
        return tuple(f"{key}={value}" for key, value in self.chip_settings)

    @property
    def workload_assignments(self) -> tuple[str, ...]:
        return tuple(f"{key}={value}" for key, value in self.workload_settings)

    @property
    def settings(self) -> dict[str, str]:
        """All that was set, by full key."""
        told = [
            *((f"{CHIP}.{key}", value) for key, value in self.chip_settings),
            *((f"{WORKLOAD}.{key}", value) for key, value in self.workload_settings),
            *((f"{SCENARIO}.{key}", value) for key, value in self.scenario if key != "kind"),
        ]
        return dict(told)

    @property
    def scenario_kind(self) -> str:
        return dict(self.scenario)["kind"]


def point_of(chip: str, workload: str, scenario: Settings, settings: Settings, seed: int) -> Point:
    """A point from settings by full key ('chip.tile.adc.bits', 'scenario.requests', 'chip'); later ones win."""
    own: dict[str, dict[str, str]] = {CHIP: {}, WORKLOAD: {}, SCENARIO: dict(scenario)}
    whole = {CHIP: chip, WORKLOAD: workload, SEED: str(seed)}
    for key, value in settings:
        root, dot, rest = key.partition(".")
        if not dot:
            whole[root] = value
        elif root == MAPPING:
            own[CHIP][key] = value
        else:
            own[root][rest] = value
    chip_settings, workload_settings, asked = (
        tuple(sorted(own[root].items())) for root in (CHIP, WORKLOAD, SCENARIO)
    )
    return Point(whole[CHIP], whole[WORKLOAD], chip_settings, workload_settings, asked, int(whole[SEED]))


def address(chip_sha256: str, workload_sha256: str, scenario: Settings, seed: int, code: str) -> str:
    """The key of a point: a digest of all that decides its result."""
    told = [chip_sha256, workload_sha256, scenario, seed, code]
    return sha256(json.dumps(told).encode()).hexdigest()[:32]
