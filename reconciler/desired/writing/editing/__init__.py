"""Changes single assignments of a file that exists: text is put in at the right places, and every other byte stays.

ruamel.yaml finds the places; what is put there is ours, and what came of it is read by our own reader before anybody
gets it (decision 0022).
"""

from reconciler.desired.writing.editing.file import Edited, Unfit, edit

__all__ = ["Edited", "Unfit", "edit"]
