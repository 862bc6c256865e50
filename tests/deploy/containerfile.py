"""Reads a Dockerfile into its instructions, so that tests can hold it to the rules of this project."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One instruction with its continued lines joined; ``stage`` counts the FROM lines, from 1."""

    stage: int
    name: str
    words: str

    @property
    def command(self) -> str:
        """The command of a HEALTHCHECK or an ENTRYPOINT, as one text whichever form it has."""
        text = self.words.partition("CMD ")[2] if self.name == "HEALTHCHECK" else self.words
        return " ".join(json.loads(text)) if text.startswith("[") else text


def instructions(path: Path) -> list[Instruction]:
    """All instructions in order, comments left out. Fails on a line that is no instruction."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> list[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found, stage = [], 0
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, words = line.strip().partition(" ")
        if not re.fullmatch(r"[A-Z]+", name):
            raise ValueError(f"no instruction: {line}")
        stage += name == "FROM"
        found.append(Instruction(stage, name, words.strip()))
    return found


def faults(image: list[Instruction]) -> list[str]:
    """What is wrong with the image of a service: in words, empty when nothing is."""
    last = [one for one in image if one.stage == image[-1].stage]
    wrong = [f"base not pinned to a patch version: {one.words}" for one in _bases(image) if not _pinned(one.words)]
    for one in image:
        if one.name == "ADD":
            wrong.append(f"ADD fetches and unpacks by itself, use COPY: {one.words}")
        if one.name == "RUN":
            wrong += [
                f"install that no hash checks: {part.strip()}" for part in _installs(one.words) if _unchecked(part)
            ]
    users = [one.words for one in last if one.name == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", users[-1]):
        wrong.append("the last USER is not a number other than root's")
    if not any(one.name == "HEALTHCHECK" and "live" in one.command for one in last):
        wrong.append("no HEALTHCHECK that asks whether the service is alive")
    if not any(one.name == "ARG" and one.words == "SERVICE" for one in last):
        wrong.append("no ARG SERVICE without a default")
    if not any(one.name == "ENTRYPOINT" and "exec python -m chassis.serve" in one.command for one in last):
        wrong.append("the ENTRYPOINT does not hand the process over to the service")
    return wrong


def _bases(image: list[Instruction]) -> list[Instruction]:
    return [one for one in image if one.name == "FROM"]


def _pinned(base: str) -> bool:
    return re.match(r"python:3\.11\.\d+-slim-[a-z]+(\s|$)", base) is not None


def _installs(command: str) -> list[str]:
    return [
        part for part in re.split(r"&&|;", command) if re.search(r"\b(pip|uv|apt-get|apk)\b.* (install|add)\b", part)
    ]


def _unchecked(install: str) -> bool:
    """Neither by hash from the lock nor from the wheels that were built here."""
    return "--require-hashes" not in install and "--no-index" not in install
