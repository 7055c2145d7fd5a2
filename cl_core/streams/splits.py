"""The companion's own split of a data set, made anew from the official archive's images, in whatever order they stand.

CIFAR-100: the images of both official parts are put together. Within each class they are ordered by the SHA-256 digest
of their pixels; the first of them, as many as the official training part has, are for training, the others for testing.
Equal images of one class have one digest, and it does not matter which of them comes first.
"""

import hashlib
from pathlib import Path

import numpy as np

from cl_core.naming import require_name
from cl_core.streams import arrays
from cl_core.streams.datasets import load
from cl_core.streams.errors import DataError
from cl_core.streams.fetching import locate_official, locate_prepared
from cl_core.streams.manifest import SOURCES

OWN_SPLITS = ("cifar100",)
"""Data sets of which the companion has a split of its own that the official archive gives."""


def split_by_digest(content: arrays.Arrays, train: int) -> arrays.Arrays:
    """Return all images of `content`, the first `train` of each class for training, the rest for testing.

    Classes come in the order of their numbers, the images of a class by the SHA-256 digest of their bytes, (H, W, 3) in
    C order; so the order in `content`, and its own split, do not matter. Raises DataError where classes differ in size
    or have no more than `train` images.
    """
    x = np.concatenate([content["x_train"], content["x_test"]])
    y = np.concatenate([content["y_train"], content["y_test"]])
    counts = np.unique(y, return_counts=True)[1]
    if counts.min() != counts.max() or counts.min() <= train:
        raise DataError(
            f"the classes have {counts.min()} to {counts.max()} images; a split into {train} for training and the rest "
            "for testing needs equally many, and more than that"
        )
    keys = [
        (label, hashlib.sha256(np.ascontiguousarray(image).data).digest()) for image, label in zip(x, y, strict=True)
    ]
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__)).reshape(len(counts), -1)
    first, rest = order[:, :train].ravel(), order[:, train:].ravel()
    return {"x_train": x[first], "y_train": y[first], "x_test": x[rest], "y_test": y[rest]}


def make_own_split(name: str) -> Path:
    """Write the companion's own split of data set `name` where the route *prepared* reads it; return the file.

    The official archive is fetched when it is absent, unless the split stands there already. Raises ValueError for a set
    without such a split, DataError for data that cannot be had, and where a file with other images stands.
    """
    require_name("data set", name, SOURCES)
    source = SOURCES[name]
    if name not in OWN_SPLITS:
        raise ValueError(f"{name} has no split to be made. {source.relation}".strip())
    target = locate_prepared(source)
    there = load(name, "prepared").digest if target.exists() else None
    if there in source.labels:
        return target
    load(name, "official")
    content = split_by_digest(arrays.read(locate_official(source)), source.train // source.classes)
    if there is None:
        arrays.write(target, content)
    elif there != arrays.digest(content):
        raise DataError(
            f"{target} holds other images (digest {there}), and the split has digest {arrays.digest(content)}; move the "
            "file away and run the same command again"
        )
    return target
