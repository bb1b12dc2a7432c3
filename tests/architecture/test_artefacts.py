"""What `make build` made can run on Lambda: right processor, right Python, small enough, nothing missing."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml

from tests.architecture.test_locks import DEPS, SSO

pytestmark = pytest.mark.built

ROOT = Path(__file__).parents[2]
BUILT = ROOT / ".build" / "sam"
LAYERS = {"DepsLayer": DEPS, "SsoLayer": SSO}
LIMIT = 250 * 1024 * 1024
ARM64 = 183


class Tags(yaml.SafeLoader):
    """Reads CloudFormation's short forms (!Ref, !Sub …) as their plain contents."""


def _contents(loader: Tags, suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


Tags.add_multi_constructor("!", _contents)


@dataclass(frozen=True)
class Function:
    """What the built template says of one function."""

    name: str
    handler: str
    layers: list[str]

    @property
    def module(self) -> str:
        return self.handler.rpartition(".")[0].replace("/", ".")


def functions() -> list[Function]:
    template = yaml.load((BUILT / "template.yaml").read_text(), Tags)  # noqa: S506 - a SafeLoader with tags
    common = template.get("Globals", {}).get("Function", {})
    return [
        Function(
            name,
            resource["Properties"].get("Handler") or common["Handler"],
            [
                layer["Ref"] if isinstance(layer, dict) else layer
                for layer in (*common.get("Layers", []), *resource["Properties"].get("Layers", []))
            ],
        )
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_every_function_with_all_layers_fits() -> None:
    layers = sum(size(BUILT / layer) for layer in LAYERS) + size(ROOT / "layers" / "roster")
    assert layers + max(size(BUILT / function.name) for function in functions()) < LIMIT


@pytest.mark.parametrize("layer", LAYERS)
def test_the_layer_holds_exactly_its_lock(layer: str) -> None:
    held = {
        re.sub(r"[-_.]+", "-", found.name).lower(): f"=={found.version}"
        for found in distributions(path=[str(BUILT / layer / "python")])
    }
    assert held == LAYERS[layer]


@pytest.mark.parametrize("layer", LAYERS)
def test_the_libraries_are_for_the_lambdas_processor_and_python(layer: str) -> None:
    for library in (file for file in (BUILT / layer).rglob("*.so*") if file.is_file()):
        header = library.read_bytes()[:20]
        assert header[:4] == b"\x7fELF", library
        assert int.from_bytes(header[18:20], "little") == ARM64, library
        tag = re.search(r"\.cp(?:ython-)?(\d+)", library.name)
        assert tag is None or tag.group(1) == "313", library


def test_the_handlers_are_where_the_template_says() -> None:
    for function in functions():
        assert (BUILT / function.name / f"{function.module.replace('.', '/')}.py").is_file(), function


def test_nothing_is_left_over_from_this_machine() -> None:
    left = [
        path for path in BUILT.rglob("*") if path.name in ("__pycache__", ".venv", ".local") or path.suffix == ".pyc"
    ]
    assert not left


@pytest.fixture(scope="module")
def layers_here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same locks, installed for this machine's processor, each layer in a folder of its own."""
    folders = {layer: tmp_path_factory.mktemp(layer) for layer in LAYERS}
    for layer, folder in folders.items():
        lock = ROOT / "layers" / layer.removesuffix("Layer").lower() / "requirements.txt"
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-compile",
        ]
        command += ["--no-deps", "--require-hashes", "--target", str(folder), "-r", str(lock)]
        subprocess.run(command, check=True)
    return folders | {"RosterLayer": ROOT / "layers" / "roster" / "python"}


def test_each_function_imports_with_its_layers_alone(layers_here: dict[str, Path]) -> None:
    """The tests' own environment has every package; this finds what a layer lacks.

    -S leaves out this environment's packages, -I the current folder and the variables of this shell.
    """
    for function in functions():
        paths = [BUILT / function.name, *(layers_here[layer] for layer in function.layers)]
        code = f"import sys; sys.path[:0] = {[str(path) for path in paths]}; import {function.module}"
        environment = {
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        run = subprocess.run(
            [sys.executable, "-I", "-S", "-B", "-c", code], env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, f"{function.name}: {run.stderr}"
