"""Streams of tasks: data sets, fetched and verified, cut into sequences of tasks that describe themselves.

``stream("digits-split", seed=0)`` works anywhere; ``stream("split-cifar100", seed=0)`` fetches CIFAR-100 first.
"""

from cl_core.streams.datasets import Dataset, load
from cl_core.streams.definitions import DEFINITIONS, Definition, define
from cl_core.streams.errors import DataError
from cl_core.streams.fetching import data_directory, fetch
from cl_core.streams.presence import Presence, available
from cl_core.streams.sequences import Stream, stream
from cl_core.streams.tasks import Task

__all__ = [
    "DEFINITIONS",
    "DataError",
    "Dataset",
    "Definition",
    "Presence",
    "Stream",
    "Task",
    "available",
    "data_directory",
    "define",
    "fetch",
    "load",
    "stream",
]
