"""Which sites have a server of their own below the hub, and what travels between: one file, a topology for each."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import yaml
from pydantic import model_validator

from chassis.topology import Described, Name, SiteLink, Topology


class SiteTree(Described):
    """The hub and the sites below it. Each has its own NATS server and JetStream domain, which bears its name."""

    hub: Name
    below: dict[Name, SiteLink]

    @model_validator(mode="after")
    def _one_home(self) -> Self:
        homes: dict[str, str] = {}
        for site, link in self.below.items():
            for scope in link.serves:
                if scope in homes:
                    raise ValueError(f"{scope} is at home at {homes[scope]} and at {site}")
                homes[scope] = site
        if self.hub in self.below:
            raise ValueError(f"{self.hub} lies below itself")
        return self

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file of sites (YAML). Raises ValidationError naming the line's field and the reason."""
        return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))

    @property
    def sites(self) -> tuple[str, ...]:
        """The hub first."""
        return (self.hub, *self.below)

    def topology(self, base: Topology, site: str) -> Topology:
        """What the server of ``site`` keeps: ``base`` says who follows whom inside a site. KeyError for no site."""
        at_hub = site == self.hub
        return base.model_copy(
            update={
                "site": site,
                "domain": site,
                "above": None if at_hub else self.hub,
                "links": dict(self.below) if at_hub else {site: self.below[site]},
            }
        )
