"""The tree of regions that access rights, lists and texts are cut by [38]."""

from gateway.regions.tree import Regions, UnknownRegion

__all__ = ["Regions", "UnknownRegion"]
