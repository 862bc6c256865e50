"""Which topology a running site has: alone, as a hub, or below one."""

from __future__ import annotations

from chassis.site_tree import SiteTree
from chassis.topology import Topology

from thidua.local.addresses import Addresses
from thidua.local.folders import sites_file, topology_file


def topology_of(where: Addresses) -> Topology:
    """What its NATS server should have, from deploy/topology.yaml and, for one of several sites, deploy/sites.yaml."""
    base = Topology.load(topology_file())
    return SiteTree.load(sites_file()).topology(base, where.site) if where.neighbours else base
