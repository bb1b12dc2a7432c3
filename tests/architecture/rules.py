"""What the layering asks, as functions from source text to sentences that say what is wrong.

Each takes text, not a file, so that test_layering.py can also show each of them a bad example.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# Standard library too, but a module that uses one of these reaches outside or answers differently tomorrow.
IMPURE = frozenset(
    "asyncio concurrent http.client http.server logging multiprocessing os pathlib random secrets shutil "
    "socket sqlite3 ssl subprocess tempfile threading time urllib.request".split()
)
CLOCKS = frozenset({"now", "today", "utcnow"})
ENVIRONMENT = frozenset({"environ", "environb", "getenv", "getenvb", "putenv"})
NEVER_SHIPPED = frozenset({"bench", "local", "moto", "pytest", "hypothesis", "tests"})


@dataclass(frozen=True)
class Source:
    """One file: where it is (relative to the repository) and what it says."""

    path: str
    text: str

    @classmethod
    def read(cls, root: Path, file: Path) -> Source:
        return cls(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)

    @cached_property
    def docstrings(self) -> frozenset[int]:
        """Ids of the constants that are docstrings: prose, which no rule reads."""
        return frozenset(
            id(node.body[0].value)
            for node in self.nodes
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        )

    @property
    def strings(self) -> Iterator[tuple[int, str]]:
        """Line and text of every string constant, the literal parts of f-strings included."""
        for node in self.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in self.docstrings:
                yield node.lineno, node.value

    def at(self, line: int, complaint: str) -> str:
        return f"{self.path}:{line}: {complaint}"


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported: `a.b` of `from a import b`, `.b` of `from . import b`."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            dot = "" if base.endswith(".") else "."
            yield from ((node.lineno, f"{base}{dot}{alias.name}") for alias in node.names)


def top(name: str) -> str:
    return name.partition(".")[0]


def within(name: str, packages: Iterable[str]) -> bool:
    """Whether a dotted name is one of the packages or lies in one; `boto3_*` stands for any ending."""
    return any(
        name == package
        or name.startswith(package + ".")
        or (package.endswith("*") and top(name).startswith(package[:-1]))
        for package in packages
    )


@dataclass(frozen=True)
class Level:
    """One level of the roster layer. `siblings`: whether its modules may import each other (in no circle)."""

    name: str
    modules: dict[str, tuple[str, ...]]
    siblings: bool
    pure: bool = False


def roster_module(path: str) -> str:
    return Path(path).stem


def unplaced(levels: Iterable[Level], sources: Iterable[Source]) -> list[str]:
    """Modules of the roster that the table does not know, and lines of the table without a module."""
    known = {module for level in levels for module in level.modules}
    found = {roster_module(source.path) for source in sources} - {"__init__"}
    return [
        f"roster/{module}.py is at no level: place it in LEVELS of tests/architecture/test_layering.py"
        for module in sorted(found - known)
    ]


def wrong_direction(levels: Iterable[Level], source: Source) -> list[str]:
    """Imports of a roster module that its level does not allow."""
    ranks = {module: (rank, level) for rank, level in enumerate(levels) for module in level.modules}
    rank, level = ranks[roster_module(source.path)]
    complaints = []
    for line, name in imports(source):
        if name.startswith("."):
            complaints.append(source.at(line, f"imports {name}: write roster.… in full"))
        elif top(name) == "roster":
            other = name.partition(".")[2].partition(".")[0]
            other_rank = ranks[other][0] if other in ranks else -1
            if other_rank > rank or (other_rank == rank and not level.siblings):
                complaints.append(source.at(line, f"imports {name}, which is not below {level.name}"))
        elif not allowed_outside(level, roster_module(source.path), name):
            complaints.append(source.at(line, f"imports {name}, which {level.name} may not"))
    return complaints


def allowed_outside(level: Level, module: str, name: str) -> bool:
    allowed = level.modules[module]
    if top(name) in sys.stdlib_module_names:
        return not (level.pure and within(name, IMPURE))
    return "*" in allowed or within(name, allowed)


def circles(sources: Iterable[Source]) -> list[str]:
    """Circles among the roster's modules, each named once by the module that closes it."""
    graph = {
        roster_module(s.path): {n.split(".")[1] for _, n in imports(s) if n.startswith("roster.")} for s in sources
    }
    complaints: list[str] = []
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        if module in path:
            complaints.append("circle: " + " -> ".join((*path[path.index(module) :], module)))
        elif module in graph and module not in done:
            for other in sorted(graph[module]):
                visit(other, (*path, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())
    return complaints


def impurities(source: Source) -> list[str]:
    """Reading a clock, and importing what reads one or reaches outside."""
    found = [source.at(line, f"imports {name}: not pure") for line, name in imports(source) if within(name, IMPURE)]
    for node in source.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            found.append(source.at(node.lineno, f".{node.func.attr}() reads the clock: take the time as an argument"))
    return found


def foreign_imports(source: Source, siblings: Iterable[str], packages: Iterable[str]) -> list[str]:
    """What a function imports beyond the standard library, the roster, its own folder and its layers.

    Another function's module is foreign, by whatever name: on Lambda each folder is alone.
    """
    own, packages = set(siblings), tuple(packages)
    return [
        source.at(line, f"imports {name}, which is neither in this function's folder nor in its layers")
        for line, name in imports(source)
        if not name.startswith(".")
        and top(name) not in sys.stdlib_module_names | own | {"roster"}
        and not within(name, packages)
    ] + [
        source.at(line, f"imports {name}: leaves the folder") for line, name in imports(source) if name.startswith("..")
    ]


def never_shipped(source: Source) -> list[str]:
    return [
        source.at(line, f"imports {name}, which is never shipped")
        for line, name in imports(source)
        if top(name) in NEVER_SHIPPED
    ]


def environment(source: Source) -> list[str]:
    named = [(n.lineno, n.attr) for n in source.nodes if isinstance(n, ast.Attribute) and n.attr in ENVIRONMENT]
    imported = [(line, name) for line, name in imports(source) if name in {f"os.{word}" for word in ENVIRONMENT}]
    return [source.at(line, f"{name}: only roster/runtime.py reads the environment") for line, name in named + imported]


def hand_made_keys(source: Source, harmless: Iterable[str] = ()) -> list[str]:
    """Strings with the key separator in them, and Keys made by hand.

    However a key is made or taken apart, a literal `#` is in it. XML names (`http://…#…`) are no keys.
    """
    known = frozenset(harmless)
    found = [
        source.at(line, f"{text!r}: keys are built and parsed in roster/keys.py alone")
        for line, text in source.strings
        if "#" in text and "://" not in text and text not in known
    ]
    for node in source.nodes:
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "Key":
                found.append(source.at(node.lineno, "Key(…) is called in roster/keys.py alone"))
    return found


def names_used(source: Source) -> Iterator[tuple[int, str]]:
    """Line and text of every identifier."""
    for node in source.nodes:
        line = getattr(node, "lineno", 0)
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            text = getattr(node, field, None)
            if isinstance(text, str):
                yield line, text


def named_providers(source: Source, providers: Iterable[str], harmless: Iterable[str] = ()) -> list[str]:
    """Identifiers and strings of the shared layer that know a provider by name."""
    known = frozenset(harmless)
    return [
        source.at(line, f"{text!r} names a provider: what differs between providers belongs in its function folder")
        for line, text in (*names_used(source), *source.strings)
        if text not in known and any(provider in text.lower() for provider in providers)
    ]


def lengths(source: Source, longest_file: int, longest_function: int) -> dict[str, int]:
    """Too long files and functions: their name (`path` or `path::function`) and length."""
    found = {source.path: len(source.text.splitlines())}
    found = {path: length for path, length in found.items() if length > longest_file}
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > longest_function:
                found[f"{source.path}::{node.name}"] = length
    return found


def prints(source: Source) -> list[str]:
    return [
        source.at(node.lineno, "print(): use the logger, which knows what must not be logged")
        for node in source.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def unaudited(source: Source) -> list[str]:
    """Routes that change something, by somebody who is signed in, and add no row to the audit, here or by a function of
    this file that they call.
    """
    functions = {node.name: node for node in source.nodes if isinstance(node, ast.FunctionDef)}
    auditing = {name for name, node in functions.items() if {"audited", "did"} & _called(node)}
    return [
        source.at(node.lineno, f"{name} changes something and adds no row to the audit")
        for name, node in functions.items()
        if _changes(node) and name not in auditing and not auditing & _called(node)
    ]


def _changes(function: ast.FunctionDef) -> bool:
    for one in function.decorator_list:
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "route":
            method, _, action = one.args[:3]
            is_open = isinstance(action, ast.Name) and action.id == "OPEN"
            return isinstance(method, ast.Constant) and method.value != "GET" and not is_open
    return False


def _called(function: ast.FunctionDef) -> set[str]:
    """Names of what it calls, `did` of `audit.did`."""
    called = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in called}
