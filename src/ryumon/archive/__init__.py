"""What was tried, and who may have children: the index, bounded populations on islands, parent rules.

It never runs a program and never writes to disk; the store remembers, this package chooses.
"""

from ryumon.archive.index import Archive, Entry
from ryumon.archive.islands import Islands, Population
from ryumon.archive.parents import Member, ParentRule

__all__ = ["Archive", "Entry", "Islands", "Member", "ParentRule", "Population"]
