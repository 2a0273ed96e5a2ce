"""Tasks of other systems as ryumon tasks: OpenEvolve's and ShinkaEvolve's.

`source.py` reads one, `folder.py` writes it. `inside/` holds what goes into the sandbox with it, `trusted/` its
task.py. Nothing here runs any of it.
"""

from ryumon.adoption.folder import Adopted, adopt
from ryumon.adoption.source import SYSTEMS

__all__ = ["SYSTEMS", "Adopted", "adopt"]
