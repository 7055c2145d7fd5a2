"""Archives and printed text with bytes changed at random: an answer or one line, nothing written, nothing slow."""

import gzip
import io
import tarfile

import nbformat
import numpy as np
import pytest
from cl_book.notebooks.normalise import normalise_notebook, to_text
from PIL import Image

from cl_core.streams import formats
from cl_core.streams.errors import DataError

SPECIAL = [
    b"\x00" * 512,
    b"\xff" * 8,
    b"../",
    b"GNU.sparse.size=x\n",
    b"9" * 30,
    b"\n",
    b"x",
    b"L",
    b"\x80" + b"\xff" * 11,
]


def tar(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.pax_headers = len(content), {"GNU.sparse.name": name, "comment": "c"}
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def records(labels, count=2):
    return bytes(count * (labels + 3072))


def photograph():
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, format="JPEG")
    return buffer.getvalue()


KINDS = {
    "cifar10": (
        formats.parse_cifar10,
        tar(
            {
                **{f"data_batch_{i}.bin": records(1) for i in range(1, 6)},
                "test_batch.bin": records(1),
                "batches.meta.txt": b"a\n",
            }
        ),
    ),
    "cifar100": (
        formats.parse_cifar100,
        tar({"train.bin": records(2), "test.bin": records(2), "fine_label_names.txt": b"a\nb\n"}),
    ),
    "cub200": (
        formats.parse_cub200,
        tar(
            {
                "CUB/images.txt": b"1 a/x.jpg\n2 a/y.jpg\n",
                "CUB/image_class_labels.txt": b"1 1\n2 1\n",
                "CUB/train_test_split.txt": b"1 1\n2 0\n",
                "CUB/classes.txt": b"1 a\n",
                "CUB/images/a/x.jpg": photograph(),
                "CUB/images/a/y.jpg": photograph(),
            }
        ),
    ),
}


def changed(content, generator):
    """Return `content` with one to four places overwritten, cut out, or put in."""
    data = bytearray(content)
    for _ in range(generator.integers(1, 5)):
        # Headers and lists stand at the beginning of blocks.
        place = int(generator.integers(0, max(1, len(data) // 512))) * 512 + int(generator.integers(0, 512))
        piece = SPECIAL[generator.integers(len(SPECIAL))]
        kind = generator.integers(4)
        if kind == 0:
            data[place : place + len(piece)] = piece
        elif kind == 1:
            data[place:place] = piece
        elif kind == 2:
            del data[place : place + int(generator.integers(1, 2000))]
        elif place < len(data):
            data[place] = int(generator.integers(256))
    return bytes(data)


def read(parse, paths, folder):
    """Whether the files can be read; what is raised must be one line that names one of them."""
    before = sorted(folder.iterdir())
    try:
        parsed = parse(paths)
    except DataError as error:
        line = str(error)
        assert any(str(path) in line for path in paths), line
        assert "\n" not in line
        return False
    finally:
        assert sorted(folder.iterdir()) == before
    assert parsed.x_train.dtype == np.uint8
    return True


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_archive_is_read_or_refused_in_one_line(kind, tmp_path):
    parse, sound = KINDS[kind]
    generator = np.random.default_rng(0)
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(gzip.compress(sound))
    assert read(parse, [path], tmp_path)
    outcomes = set()
    for number in range(300):
        inner = changed(sound, generator) if number % 3 else sound
        outer = gzip.compress(inner, 1)
        path.write_bytes(outer if number % 3 else changed(outer, generator))
        outcomes.add(read(parse, [path], tmp_path))
    assert False in outcomes


@pytest.mark.slow
def test_changed_digits_are_read_or_refused_in_one_line(tmp_path):
    images = (2051).to_bytes(4, "big") + b"".join(n.to_bytes(4, "big") for n in (2, 28, 28)) + bytes(2 * 784)
    labels = (2049).to_bytes(4, "big") + (2).to_bytes(4, "big") + bytes(2)
    paths = [tmp_path / name for name in ("train", "train-labels", "test", "test-labels")]
    generator = np.random.default_rng(1)
    for _ in range(200):
        for path, content in zip(paths, (images, labels, images, labels), strict=True):
            path.write_bytes(gzip.compress(changed(content, generator) if generator.random() < 0.4 else content, 1))
        read(formats.parse_mnist, paths, tmp_path)


def test_a_member_of_a_hundred_gigabytes_is_refused_and_not_skipped(tmp_path):
    entry = tarfile.TarInfo("data_batch_1.bin")
    entry.size = 100 * 2**30
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(gzip.compress(entry.tobuf(tarfile.GNU_FORMAT) + bytes(10 * 2**20)))
    with pytest.raises(DataError, match=r"archive.tar.gz holds 'data_batch_1.bin' of 107,374,182,400 bytes"):
        formats.parse_cifar10([path])


@pytest.mark.slow
def test_any_printed_text_has_one_stored_form(monkeypatch):
    pieces = [
        "/",
        "/home/u/al",
        "/tmp/ipykernel_7/8.py",
        "ipykernel_",
        "1/2",
        "\x1b[31m",
        "é",
        "\r",
        "\n",
        " ",
        "\u2028",
        "x" * 3000,
    ]
    generator = np.random.default_rng(2)
    for home in ("/", "/home/u/al", "", "rel"):
        monkeypatch.setenv("HOME", home)
        for _ in range(100):
            text = " ".join(pieces[i] for i in generator.integers(len(pieces), size=generator.integers(1, 40)))
            stream = nbformat.v4.new_output("stream", name="stdout", text=text)
            cell = nbformat.v4.new_code_cell("print()", outputs=[stream])
            once = normalise_notebook(nbformat.v4.new_notebook(cells=[cell]))
            assert to_text(normalise_notebook(once)) == to_text(once)
            assert once.cells[0].outputs[0].text.split().count("1/2") == text.split().count("1/2")
