"""Small data sets and small archives in the official formats, made here; no test of streams needs a network."""

import gzip
import hashlib
import io
import struct
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cl_core.streams import Dataset, arrays
from cl_core.streams.manifest import SOURCES, Archive, Source

Content = dict[str, np.ndarray]


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own: nothing is read from or written to the user's."""
    folder = tmp_path / "data"
    monkeypatch.setenv("CL_DATA_DIR", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture(scope="session")
def images() -> Callable[..., Content]:
    """Make arrays of a data set: every class equally often (or `extra` more for some), labels in a mixed order."""

    def make(classes: int, train: int, test: int, shape: tuple[int, ...], *, extra: int = 0, seed: int = 0) -> Content:
        rng = np.random.default_rng(seed)
        content = {}
        for part, count in (("train", train), ("test", test)):
            labels = np.concatenate(
                [np.full(count + (extra if label % 3 == 0 else 0), label) for label in range(classes)]
            )
            y = rng.permutation(labels).astype(np.uint8)
            content[f"x_{part}"] = rng.integers(0, 256, (len(y), *shape), dtype=np.uint8)
            content[f"y_{part}"] = y
        return content

    return make


@pytest.fixture(scope="session")
def made(images: Callable[..., Content]) -> Callable[..., Dataset]:
    """Make a data set in memory, as `images` does."""

    def make(classes: int, train: int, test: int, shape: tuple[int, ...] = (4, 4), **options: int) -> Dataset:
        content = images(classes, train, test, shape, **options)
        names = tuple(f"class {label}" for label in range(classes))
        return Dataset("made", "prepared", "made", **content, names=names, digest=arrays.digest(content))

    return make


def tar(members: list[tuple[str, bytes]]) -> bytes:
    """A gzipped tar archive of regular files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _idx(values: np.ndarray) -> bytes:
    header = struct.pack(f">I{values.ndim}I", 2048 + values.ndim, *values.shape)
    return gzip.compress(header + values.tobytes(), mtime=0)


def _records(x: np.ndarray, *labels: np.ndarray) -> bytes:
    planes = x.transpose(0, 3, 1, 2).reshape(len(x), 3072)
    return np.concatenate([np.stack(labels, axis=1), planes], axis=1).astype(np.uint8).tobytes()


def mnist_files(content: Content) -> dict[str, bytes]:
    """MNIST's four files, in its manifest's order."""
    keys = ("x_train", "y_train", "x_test", "y_test")
    return {archive.name: _idx(content[key]) for archive, key in zip(SOURCES["mnist"].archives, keys, strict=True)}


def cifar10_files(content: Content) -> dict[str, bytes]:
    """The binary version of CIFAR-10, training images in five files."""
    folder = "cifar-10-batches-bin"
    fifths = np.array_split(np.arange(len(content["y_train"])), 5)
    members = [
        (f"{folder}/data_batch_{number}.bin", _records(content["x_train"][some], content["y_train"][some]))
        for number, some in enumerate(fifths, start=1)
    ]
    members.append((f"{folder}/test_batch.bin", _records(content["x_test"], content["y_test"])))
    members.append((f"{folder}/batches.meta.txt", "\n".join(SOURCES["cifar10"].names).encode() + b"\n\n"))
    return {"cifar-10-binary.tar.gz": tar([(f"{folder}/readme.html", b"<html>"), *members])}


def cifar100_files(content: Content) -> dict[str, bytes]:
    """The binary version of CIFAR-100; coarse labels are 19 minus a fifth of the fine ones, to tell them apart."""
    members = [
        (
            f"cifar-100-binary/{part}.bin",
            _records(content[f"x_{part}"], 19 - content[f"y_{part}"] // 5, content[f"y_{part}"]),
        )
        for part in ("train", "test")
    ]
    members.append(("cifar-100-binary/fine_label_names.txt", "\n".join(SOURCES["cifar100"].names).encode()))
    return {"cifar-100-binary.tar.gz": tar(members)}


def photograph(red: int, size: tuple[int, int] = (70, 64), mode: str = "RGB") -> bytes:
    """A JPEG whose level of red (or grey) is `red`, with a white border of 3 left and right that a centre cut removes."""
    picture = Image.new(mode, size, "white")
    inner = red if mode == "L" else (red, 40, 60)
    picture.paste(inner, (3, 0, size[0] - 3, size[1]))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=100, subsampling=0)
    return buffer.getvalue()


def cub_files(classes: int = 3, train: int = 2, test: int = 1) -> dict[str, bytes]:
    """CUB-200-2011 in small: image i of class c has red 20 + 60 c + 5 i; the last of each class is for testing."""
    names = [f"{label + 1:03d}.Bird_{label}" for label in range(classes)]
    listed, labels, split, pictures = [], [], [], []
    for label, name in enumerate(names):
        for image in range(train + test):
            number = len(listed) + 1
            listed.append(f"{number} {name}/{name}_{image}.jpg")
            labels.append(f"{number} {label + 1}")
            split.append(f"{number} {int(image < train)}")
            pictures.append(
                (f"./CUB_200_2011/images/{name}/{name}_{image}.jpg", photograph(20 + 60 * label + 5 * image))
            )
    lists = {
        "images.txt": listed,
        "image_class_labels.txt": labels,
        "train_test_split.txt": split,
        "classes.txt": [f"{label + 1} {name}" for label, name in enumerate(names)],
    }
    texts = [(f"./CUB_200_2011/{name}", "\n".join(lines).encode()) for name, lines in lists.items()]
    noise = [("./attributes.txt", b"1 has_bill_shape"), ("./CUB_200_2011/parts/parts.txt", b"1 back")]
    return {"CUB_200_2011.tgz": tar([*noise, *pictures, *texts])}


@dataclass
class Server:
    """A web server on this machine: what it sends by name, and what it was asked for."""

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    cut: bool = False
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    """A running :class:`Server`; with `cut` it announces each file whole and sends half of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            state.asked.append(name)
            if name not in state.files:
                self.send_error(404)
                return
            content = state.files[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if state.cut else content)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Server(f"http://127.0.0.1:{running.server_port}")
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield state
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def publish(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Source]:
    """Make the manifest's entry for a set speak of small `files` at the server, with digests that are right."""

    def put(name: str, files: dict[str, bytes], **changes: object) -> Source:
        server.files.update(files)
        entries = tuple(
            Archive(
                file,
                f"{server.address}/{file}",
                hashlib.sha256(content).hexdigest(),
                hashlib.md5(content).hexdigest(),
                len(content),
            )
            for file, content in files.items()
        )
        source = replace(SOURCES[name], archives=entries, **changes)
        monkeypatch.setitem(SOURCES, name, source)
        return source

    return put


@pytest.fixture
def official(publish: Callable[..., Source], images: Callable[..., Content]) -> Callable[[str], tuple[Source, Content]]:
    """Publish a small archive of the data set `name` in its official format; return its entry and its arrays."""

    def put(name: str) -> tuple[Source, Content]:
        if name == "cub200":
            return publish(name, cub_files(), classes=3, train=6, test=3), {}
        source = SOURCES[name]
        content = images(source.classes, 5, 2, source.shape)
        files = {"mnist": mnist_files, "cifar10": cifar10_files, "cifar100": cifar100_files}[name](content)
        counts = {"train": 5 * source.classes, "test": 2 * source.classes}
        return publish(name, files, **counts), content

    return put


@pytest.fixture
def builders() -> dict[str, Callable[..., object]]:
    """The makers of files in the official formats, by name."""
    return {
        "tar": tar,
        "photograph": photograph,
        "mnist": mnist_files,
        "cifar10": cifar10_files,
        "cifar100": cifar100_files,
        "cub200": cub_files,
    }
