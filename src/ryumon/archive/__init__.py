"""What was tried, and who may have children: the index, bounded populations on islands, parent rules, novelty.

It never runs a program and never writes to disk; the store remembers, this package chooses.
"""

from ryumon.archive.index import Archive, Entry
from ryumon.archive.islands import Islands
from ryumon.archive.layers import Layers
from ryumon.archive.member import Held, Member, member_of
from ryumon.archive.parents import ParentRule
from ryumon.archive.populations import Population, alike, drift

__all__ = [
    "Archive",
    "Entry",
    "Held",
    "Islands",
    "Layers",
    "Member",
    "ParentRule",
    "Population",
    "alike",
    "drift",
    "member_of",
]
