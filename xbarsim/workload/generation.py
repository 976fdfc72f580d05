"""load_generation: a language model that reads a prompt and answers, as two networks with the same weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbarsim.errors import shown
from xbarsim.spec.loader import Located, likely, load_located
from xbarsim.spec.located import Path_
from xbarsim.workload.graph import OpGraph, OpKind
from xbarsim.workload.load import GENERATE_SUFFIX, Workload, load_workload, shipped_file
from xbarsim.workload.routing import Router

KEYS = ("name", "source", "description", "prefill", "decode", "prompt_tokens", "tokens")


@dataclass(frozen=True)
class Generation:
    """A prompt read at once (prefill), then one token a step (decode), until there are enough.

    The matrices of the two graphs that have the same name are the same weights. What prefill stores is
    what decode reads: an operation's `state` names the memory.
    prompt_tokens: length of the prompt; tokens: length of the answer, whose first token prefill gives;
    router: of a mixture of experts; tokens of prompt and answer are counted on.
    """

    name: str
    prefill: OpGraph
    decode: OpGraph
    prompt_tokens: int
    tokens: int
    activation_bits: int | None = None
    weight_bits: int | None = None
    source: str = ""
    description: str = ""
    path: str = ""
    router: Router | None = None

    @property
    def contexts(self) -> range:
        """Tokens in memory at each step of decode."""
        return range(self.prompt_tokens, self.prompt_tokens + self.tokens - 1)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole answer, of the experts that are chosen."""
        return self.prefill.active_macs + sum(self.decode.at_context(n).active_macs for n in self.contexts)


def load_generation(
    path_or_name: str | Path, prompt_tokens: int | None = None, tokens: int | None = None
) -> Generation:
    """A generation YAML (*.generate.yaml), or the name of a shipped one ("gpt2").

    prompt_tokens, tokens: in place of what the file says.
    Raises: SpecError with every problem of the file; WorkloadError if a model cannot be captured.
    """
    path = Path(path_or_name)
    if path.suffix not in (".yaml", ".yml") and path.parent == Path("."):
        path = shipped_file(str(path_or_name), GENERATE_SUFFIX)
    located = load_located(path)
    asked = {"prompt_tokens": prompt_tokens, "tokens": tokens}
    located.tree.update({key: value for key, value in asked.items() if value is not None})
    reader = _Reader(located, path)
    made = reader.read()
    located.raise_problems()
    assert made is not None
    return made


class _Reader:
    """Takes the keys of one file apart; what is wrong goes to `located.problems`."""

    def __init__(self, located: Located, path: Path):
        self.located, self.path, self.tree = located, path, located.tree

    def read(self) -> Generation | None:
        for key in self.tree:
            if key not in KEYS:
                self._tell((key,), "unknown key", "", likely(str(key), KEYS))
        name, tokens = self._text("name", True), self._count("tokens")
        prefill, decode = self._network("prefill"), self._network("decode")
        if prefill is None or decode is None or self.located.problems:
            return None
        prompt = self._prompt(prefill)
        self._check_decode(decode, prompt + tokens - 2)
        self._check_shared(prefill, decode)
        return Generation(
            name, prefill.graph, decode.graph, prompt, tokens, decode.activation_bits, decode.weight_bits,
            self._text("source"), self._text("description"), str(self.path), decode.router,
        )  # fmt: skip

    def _tell(self, path: Path_, found: str, allowed: str = "", fix: str = "") -> None:
        self.located.problem(path, found, allowed, fix)

    def _text(self, key: str, wanted: bool = False) -> str:
        value = self.tree.get(key, None if wanted else "")
        if not isinstance(value, str):
            self._tell((key,), "missing" if value is None else shown(value), "a text")
        return str(value)

    def _count(self, key: str, default: int | None = None) -> int:
        value = self.tree.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        self._tell((key,), "missing" if value is None else shown(value), "a whole number from 1")
        return 1

    def _network(self, key: str) -> Workload | None:
        """The workload of one of the two phases, a file beside this one."""
        value: Any = self.tree.get(key)
        if not isinstance(value, str):
            found = "missing" if value is None else shown(value)
            self._tell((key,), found, "a workload file beside this one")
            return None
        if not (self.path.parent / value).is_file():
            self._tell((key,), f"no file '{value}' beside this one")
            return None
        return load_workload(self.path.parent / value)

    def _prompt(self, prefill: Workload) -> int:
        """The prompt's length: as many tokens as prefill puts into memory."""
        file = Path(prefill.path).name
        stored = sorted({op.positions for op in prefill.graph.ops if op.kind is OpKind.STORE})
        if len(stored) != 1:
            found = f"{file} stores nothing" if not stored else f"{file} stores parts of {stored} tokens"
            self._tell(("prefill",), found, "keys and values of each token of the prompt", "give its 'state'")
            return 1
        asked = self._count("prompt_tokens", stored[0])
        if asked != stored[0]:
            fix = (
                f"for {asked}, write it as the default of the prompt's length under 'dimensions' in {file},"
                f" and capture anew: python {self.path.parent.name}/retrace.py {Path(file).stem}"
            )
            self._tell(("prompt_tokens",), f"{asked}, while {file} was captured at {stored[0]}", "", fix)
        return asked

    def _check_decode(self, decode: Workload, longest: int) -> None:
        """One token a step, after as many as there will be."""
        context, file = decode.graph.context, Path(decode.path).name
        if context is None:
            fix = "name a dimension in the shape of its state, like '12x1x12x{context}x64'"
            self._tell(("decode",), f"the state of {file} does not grow", "", fix)
        elif context.most is not None and longest > context.most:
            found = f"the last token would have {longest} before it"
            self._tell(("tokens",), found, f"to {context.most}, the most that {file} reads")

    def _check_shared(self, prefill: Workload, decode: Workload) -> None:
        """The same weights have the same names and sizes, the same memory the same parts."""
        first, second = prefill.graph.matrices, decode.graph.matrices
        for name in sorted(first.keys() & second.keys()):
            if (first[name].rows, first[name].columns) != (second[name].rows, second[name].columns):
                here, there = (f"{one.rows}x{one.columns}" for one in (second[name], first[name]))
                self._tell(("decode",), f"matrix '{name}' is {here} here and {there} in prefill")
        lone = sorted(first.keys() - second.keys()), sorted(second.keys() - first.keys())
        if all(lone):
            found = f"its matrix '{lone[1][0]}' is not in prefill, whose '{lone[0][0]}' is not in decode"
            self._tell(("decode",), found, "", "give the same parameters the same names in both models")
        bits = {(one.activation_bits, one.weight_bits) for one in (prefill, decode)}
        if len(bits) > 1:
            self._tell(("decode",), "another 'precision' than prefill", "", "they share their weights")
        if prefill.router != decode.router:
            self._tell(("decode",), "another router of its 'experts' than prefill", "", "give both the same")
        self._check_states(prefill.graph, decode.graph)

    def _check_states(self, prefill: OpGraph, decode: OpGraph) -> None:
        stored = {op.state: op.width for op in prefill.ops if op.kind is OpKind.STORE}
        read = {op.state: op.width for op in decode.ops if op.kind is OpKind.STATE}
        added = {op.state: op.width for op in decode.ops if op.kind is OpKind.STORE}
        for found, what in ((stored, "prefill stores"), (added, "decode adds")):
            wrong = sorted(str(name) for name in read if found.get(name) != read[name])
            if wrong and found:
                width = found.get(wrong[0])
                seen = "nothing" if width is None else f"{width} elements a token"
                self._tell(("decode",), f"reads {read[wrong[0]]} a token of '{wrong[0]}', {what} {seen}")
