"""The official formats, from archive to arrays: IDX (MNIST), binary records (CIFAR), photographs and lists (CUB).

Each parser returns uint8 arrays ``x_train``, ``y_train``, ``x_test``, ``y_test`` and the tuple ``names`` of the
classes' names (empty where the archive does not say). With `progress` a bar on the terminal follows the reading of a
large archive. All raise DataError for what does not fit the format.
"""

import io
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cl_core.streams import archives
from cl_core.streams.errors import DataError

Images = NDArray[np.uint8]

_LARGEST = 64 * 2**20
_IMAGES_MAGIC, _LABELS_MAGIC = 2051, 2049
_SIDE = 64


@dataclass(frozen=True, eq=False)
class Parsed:
    """What a parser found."""

    x_train: Images
    y_train: Images
    x_test: Images
    y_test: Images
    names: tuple[str, ...] = ()


def parse_mnist(paths: list[Path], *, progress: bool = False) -> Parsed:
    """Read MNIST's four gzipped IDX files, in the order training images, training labels, test images, test labels."""
    x_train, y_train, x_test, y_test = (
        _parse_idx(path, magic) for path, magic in zip(paths, (_IMAGES_MAGIC, _LABELS_MAGIC) * 2, strict=True)
    )
    return Parsed(x_train, y_train, x_test, y_test)


def _parse_idx(path: Path, magic: int) -> Images:
    content = archives.gunzip(path, _LARGEST)
    axes = magic % 256
    header = 4 * (axes + 1)
    if len(content) < header or struct.unpack(">I", content[:4])[0] != magic:
        raise DataError(f"{path} does not begin with the number {magic} of its IDX format; delete it and fetch again.")
    shape = struct.unpack(f">{axes}I", content[4:header])
    if len(content) - header != math.prod(shape):
        raise DataError(f"{path} announces {shape} values and holds {len(content) - header:,}; delete it, fetch again.")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def parse_cifar10(paths: list[Path], *, progress: bool = False) -> Parsed:
    """Read the binary version of CIFAR-10: records of one label byte and 3072 pixels, five training files and one."""
    train = tuple(f"data_batch_{batch}.bin" for batch in range(1, 6))
    return _parse_cifar(paths[0], train, ("test_batch.bin",), "batches.meta.txt", labels=1, progress=progress)


def parse_cifar100(paths: list[Path], *, progress: bool = False) -> Parsed:
    """Read the binary version of CIFAR-100: records of a coarse label, a fine label (the one taken) and 3072 pixels."""
    return _parse_cifar(paths[0], ("train.bin",), ("test.bin",), "fine_label_names.txt", labels=2, progress=progress)


def _parse_cifar(
    path: Path, train: tuple[str, ...], test: tuple[str, ...], listing: str, *, labels: int, progress: bool
) -> Parsed:
    names = {*train, *test, listing}
    content = archives.read_members(path, 2**28, progress=progress)
    members = {name.name: data for name, data in content if name.name in names}
    missing = sorted(names - {listing} - set(members))
    if missing:
        raise DataError(f"{path} lacks {', '.join(missing)}; it is not the binary version. Delete it and fetch again.")
    x_train, y_train = _parse_records(path, members, train, labels)
    x_test, y_test = _parse_records(path, members, test, labels)
    return Parsed(x_train, y_train, x_test, y_test, tuple(_decode(path, members.get(listing, b"")).split()))


def _parse_records(path: Path, members: dict[str, bytes], files: tuple[str, ...], labels: int) -> tuple[Images, Images]:
    size = labels + 3072
    for name in files:
        if len(members[name]) % size:
            raise DataError(f"{path}: {name} has {len(members[name]):,} bytes, not a multiple of a record's {size}.")
    records = np.concatenate([np.frombuffer(members[name], np.uint8).reshape(-1, size) for name in files])
    planes = records[:, labels:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, labels - 1].copy()


def parse_cub200(paths: list[Path], *, progress: bool = False) -> Parsed:
    """Read CUB-200-2011: the photographs, in the order of ``images.txt``, with its labels and its split.

    Each is cut to its central square and resized to 64 × 64 pixels (bicubic, antialiased); grey ones become RGB. The
    centre rather than the bounding box, since the box is an annotation that a classifier would not have.
    """
    path = paths[0]
    lists = {"images.txt", "image_class_labels.txt", "train_test_split.txt", "classes.txt"}
    texts: dict[str, str] = {}
    pictures: dict[str, Images] = {}
    for name, content in archives.read_members(path, _LARGEST, progress=progress):
        if "images" in name.parts[:-1] and name.suffix.lower() == ".jpg" and not name.name.startswith("."):
            pictures["/".join(name.parts[-2:])] = _square(path, str(name), content)
        elif name.name in lists and len(name.parts) <= 2:
            texts[name.name] = _decode(path, content)
    missing = sorted(lists - set(texts))
    if missing:
        raise DataError(f"{path} lacks {', '.join(missing)}; delete it and fetch it again.")
    listed, labels, split, classes = (
        dict(_parse_pairs(path, name, texts[name]))
        for name in ("images.txt", "image_class_labels.txt", "train_test_split.txt", "classes.txt")
    )
    try:
        x = np.stack([pictures[picture] for picture in listed.values()])
        y = np.array([int(labels[number]) - 1 for number in listed], np.uint8)
        train = np.array([bool(int(split[number])) for number in listed])
    except (KeyError, ValueError, OverflowError) as error:
        raise DataError(
            f"{path}: its lists and photographs do not agree ({error}); delete it and fetch again."
        ) from error
    return Parsed(x[train], y[train], x[~train], y[~train], tuple(classes.values()))


def _parse_pairs(path: Path, name: str, text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line.strip():
            number, _, value = line.strip().partition(" ")
            if not value:
                raise DataError(f"{path}: {name} has the line {line!r}, which is not a number and a value.")
            yield number, value


def _decode(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: a list in it is not text ({error}); delete it and fetch it again.") from error


def _square(path: Path, name: str, content: bytes) -> Images:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as photograph:
            image: Any = photograph.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: {name} is not a whole JPEG photograph ({error}); delete it, fetch again.") from error
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    cut = image.crop((left, top, left + edge, top + edge))
    return np.asarray(cut.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC), np.uint8)
