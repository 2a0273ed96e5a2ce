"""What was tried, and who may have children: the index, bounded populations on islands, parent rules.

It never runs a program and never writes to disk; the store remembers, this package chooses.
"""

from ryumon.archive.index import Archive, Entry
from ryumon.archive.islands import Islands
from ryumon.archive.member import Member
from ryumon.archive.parents import ParentRule
from ryumon.archive.populations import Population, alike, drift

__all__ = ["Archive", "Entry", "Islands", "Member", "ParentRule", "Population", "alike", "drift"]
