"""Streams of tasks: data sets, fetched and verified, cut into sequences of tasks that describe themselves.

``stream("digits-split", seed=0)`` works anywhere; ``stream("split-cifar100", seed=0)`` fetches CIFAR-100 first.
"""

from cl_core.streams.datasets import Dataset, load
from cl_core.streams.definitions import DEFINITIONS, Definition, define
from cl_core.streams.errors import DataError
from cl_core.streams.fetching import fetch, locate_data
from cl_core.streams.presence import Presence, list_available
from cl_core.streams.sequences import Stream, stream
from cl_core.streams.splits import make_own_split
from cl_core.streams.tasks import Task

__all__ = [
    "DEFINITIONS",
    "DataError",
    "Dataset",
    "Definition",
    "Presence",
    "Stream",
    "Task",
    "define",
    "fetch",
    "list_available",
    "load",
    "locate_data",
    "make_own_split",
    "stream",
]
