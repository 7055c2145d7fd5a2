"""Data sets as ``.npz`` files: read without pickle, checked by digest, written whole or not at all."""

import hashlib
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cl_core import files
from cl_core.parsing import explain_unreadable
from cl_core.streams.archives import make_write_error
from cl_core.streams.errors import DataError

Arrays = dict[str, NDArray[Any]]

KEYS = ("x_train", "y_train", "x_test", "y_test")
"""The four arrays of a data set, in the order in which its digest takes them."""


def digest(arrays: Arrays) -> str:
    """Return SHA-256 (hexadecimal) over the bytes of x_train, y_train, x_test, y_test, in that order."""
    total = hashlib.sha256()
    for key in KEYS:
        total.update(np.ascontiguousarray(arrays[key]).data)
    return total.hexdigest()


def read(path: Path) -> Arrays:
    """Return every array of the ``.npz`` file at `path`.

    Raises FileNotFoundError if there is none, DataError if it is truncated, damaged, of another format or holds
    anything but plain arrays.
    """
    with explain_unreadable(path, "a whole .npz file of plain arrays", cure="make or fetch it again", error=DataError):
        content = _load_plain(lambda: np.load(path, allow_pickle=False))
        if not isinstance(content, np.lib.npyio.NpzFile):
            raise ValueError("it is one array, as np.save writes it; write the four with np.savez")
        with content:
            arrays = {key: _load_plain(partial(content.__getitem__, key)) for key in content.files}
        for key, array in arrays.items():
            if not isinstance(array, np.ndarray):
                raise ValueError(f"its member {key} is no array")
    return arrays


def _load_plain(load: Callable[[], Any]) -> Any:
    try:
        return load()
    except ValueError as error:
        if "pickle" in str(error):
            # NumPy's own line tells how to run what the file holds.
            raise ValueError("it holds pickled objects, which could run code and are never read") from None
        raise


def check(path: Path, arrays: Arrays, *, shape: tuple[int, ...], classes: int) -> None:
    """Raise DataError unless `arrays`, read from `path`, are a data set: uint8 images of `shape`, labels < `classes`."""
    names = arrays.get("names")
    if names is not None and (names.ndim != 1 or names.dtype.kind != "U"):
        raise DataError(f"{path}: names is {names.dtype} {names.shape}, expected one text a class ({classes},).")
    missing = [key for key in KEYS if key not in arrays]
    if missing:
        raise DataError(f"{path} lacks {', '.join(missing)}; it needs {', '.join(KEYS)}.")
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.dtype != np.uint8 or x.shape[1:] != shape:
            raise DataError(
                f"{path}: x_{part} is {x.dtype} {x.shape}, expected uint8 (N, {', '.join(map(str, shape))})."
            )
        if y.dtype != np.uint8 or y.shape != x.shape[:1]:
            raise DataError(f"{path}: y_{part} is {y.dtype} {y.shape}, expected uint8 {x.shape[:1]}.")
        if not np.array_equal(np.unique(y), np.arange(classes)):
            raise DataError(f"{path}: y_{part} does not hold each of the labels 0 to {classes - 1}.")


def write(path: Path, arrays: Arrays) -> None:
    """Write `arrays` to the ``.npz`` file `path`, whole or not at all; DataError if the disk refuses."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    try:
        files.write_bytes(path, buffer.getvalue())
    except OSError as error:
        raise make_write_error(path, buffer.getbuffer().nbytes, error) from error
