"""Data sets as ``.npz`` files: read without pickle, checked by digest, written whole or not at all."""

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cl_core import files
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

    Raises FileNotFoundError if there is none, DataError if it is truncated, damaged or holds pickled objects.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = {key: content[key] for key in content.files}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError, KeyError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"{path} is truncated, damaged or not plain arrays ({error}); delete it and make it again."
        ) from error
    return arrays


def check(path: Path, arrays: Arrays, *, shape: tuple[int, ...], classes: int) -> None:
    """Raise DataError unless `arrays`, read from `path`, are a data set: uint8 images of `shape`, labels < `classes`."""
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
