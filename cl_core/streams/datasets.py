"""Data sets in memory: MNIST, CIFAR-10, CIFAR-100, CUB-200-2011, CUB-50 and scikit-learn's digits.

Each data set has one or more routes: *official* (the archive, fetched when absent and
checked by digest), *prepared* (a ``.npz`` file of your own), *embedded* (digits, which come with scikit-learn).
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cl_core.naming import require_name
from cl_core.streams import arrays
from cl_core.streams.errors import DataError
from cl_core.streams.fetching import fetch, locate_official, locate_prepared
from cl_core.streams.manifest import ROUTES, SOURCES, Route, Source

Images = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory, read-only.

    `x_train`, `x_test` are uint8 (N, H, W) or (N, H, W, 3), grey levels 0 to 255; `y_train`, `y_test` uint8 (N,),
    class numbers from 0; a user's own inputs, route ``given``, may be float32, and labels integers of any size.
    `names` are the classes' names. `digest` is SHA-256 over the four arrays, `label` how
    results on them are to be reported (for example "CIFAR-100, own split").
    """

    name: str
    route: Route | Literal["given"]
    label: str
    x_train: Images
    y_train: Images
    x_test: Images
    y_test: Images
    names: tuple[str, ...]
    digest: str

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.names)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(H, W) or (H, W, 3)."""
        return self.x_train.shape[1:]

    @cached_property
    def moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation per channel of all training images, each (channels,), read-only, in grey levels 0 to 255 or as given."""
        mean, deviation = _compute_moments(self.x_train)
        for array in (mean, deviation):
            array.setflags(write=False)
        return mean, deviation


def _compute_moments(x: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    channels = x.shape[3] if x.ndim == 4 else 1
    if x.dtype != np.uint8:
        values = x.reshape(-1, channels)
        return values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64)
    sums = np.zeros((2, *x.shape[1:]), np.uint64)
    for start in range(0, len(x), 1000):
        some = x[start : start + 1000].astype(np.uint32)
        sums += np.stack([some.sum(axis=0, dtype=np.uint64), (some * some).sum(axis=0, dtype=np.uint64)])
    mean, square = sums.reshape(2, -1, channels).sum(axis=1) / (x.size // channels)
    return mean, np.sqrt(square - mean**2)


def load(dataset: str, route: Route | None = None) -> Dataset:
    """Return the data set named `dataset`, by `route` (None: its default, the official archive, or embedded for the digits).

    The official route fetches what is absent. The last two sets read stay in memory.
    Raises ValueError for an unknown name or route, DataError for data that cannot be had or are damaged.
    """
    require_name("data set", dataset, SOURCES)
    source = SOURCES[dataset]
    route = source.routes[0] if route is None else route
    require_name("route", route, ROUTES)
    if route not in source.routes:
        raise ValueError(
            f"{dataset} has no route {route!r} (--data, or CL_DATA_ROUTE in the environment); "
            f"it is read by {' or '.join(source.routes)}. {source.hint}".strip()
        )
    if route == "embedded":
        return _read_embedded()
    if route == "official":
        path = locate_official(source)
        if not path.exists():
            fetch(dataset)
    else:
        path = locate_prepared(source)
        if not path.exists():
            raise DataError(
                f"There is no {path}. The route 'prepared' reads a file that you made yourself, with uint8 arrays "
                f"{', '.join(arrays.KEYS)}; the route 'official' fetches {source.title} instead."
            )
    return _read_stored(source.name, route, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read_stored(name: str, route: Route, path: Path, _modified: int) -> Dataset:
    source = SOURCES[name]
    content = arrays.read(path)
    if route == "official" and str(content.get("digest")) != arrays.digest(content):
        raise DataError(f"{path} is damaged: its digest is not the one stored in it. Delete it and run again.")
    if route == "official" and source.part_of:
        content = _select_first_classes(content, source.classes)
    arrays.check(path, content, shape=source.shape, classes=source.classes)
    names = tuple(str(name) for name in content["names"]) if "names" in content else source.names
    return _make_dataset(source, route, content, names)


def _select_first_classes(content: arrays.Arrays, classes: int) -> arrays.Arrays:
    train, test = content["y_train"] < classes, content["y_test"] < classes
    return {
        "x_train": content["x_train"][train],
        "y_train": content["y_train"][train],
        "x_test": content["x_test"][test],
        "y_test": content["y_test"][test],
        "names": content["names"][:classes],
    }


@lru_cache(maxsize=1)
def _read_embedded() -> Dataset:
    """Return scikit-learn's digits: 8 × 8 pixels of 0 to 16, spread over 0 to 255.

    They come without a split. The last fifth of each class, in the file's order, is the test set: the file goes
    writer by writer, so most test digits are from hands that the training set has not seen.
    """
    source = SOURCES["digits"]
    table = _read_digits()
    x = np.rint(table[:, :-1].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    y = table[:, -1].astype(np.uint8)
    test = np.zeros(len(y), bool)
    for label in range(source.classes):
        members = np.flatnonzero(y == label)
        test[members[len(members) - len(members) // 5 :]] = True
    content: arrays.Arrays = {"x_train": x[~test], "y_train": y[~test], "x_test": x[test], "y_test": y[test]}
    return _make_dataset(source, "embedded", content, source.names)


def _read_digits() -> NDArray[np.float64]:
    """Return scikit-learn's table of digits: (1797, 65), the pixels of an image and its class in a row.

    Read past scikit-learn, whose import takes longer than a run; by it, where the file is not in its usual place.
    """
    spec = find_spec("sklearn")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder, "datasets", "data", "digits.csv.gz")
        if file.is_file():
            return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits

    images, classes = load_digits(return_X_y=True)
    return np.column_stack([images, classes])


def _make_dataset(source: Source, route: Route, content: arrays.Arrays, names: tuple[str, ...]) -> Dataset:
    if len(names) != source.classes:
        raise DataError(f"{source.title} has {source.classes} classes, but its data give {len(names)} names.")
    digest = arrays.digest(content)
    label = source.title if route == "official" else source.labels.get(digest, f"{source.title}, prepared {digest[:8]}")
    kept = {key: np.ascontiguousarray(content[key]) for key in arrays.KEYS}
    for array in kept.values():
        array.setflags(write=False)
    return Dataset(name=source.name, route=route, label=label, names=names, digest=digest, **kept)
