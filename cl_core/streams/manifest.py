"""The data sets: where each comes from, what it must contain, and under which terms.

Addresses and digests are those of the official archives. SHA-256 decides whether a file is the right one; MD5 is
what most of the data sets' own pages print, and bytes are for messages and estimates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Route = Literal["official", "prepared", "embedded"]
"""How the images come in: the official archive, a prepared ``.npz`` file, or an installed package."""

ROUTES: tuple[Route, ...] = get_args(Route)

PREPARED = ("mnist", "cifar10", "cifar100", "cub50")
"""Data sets that may also be read from ``$CL_DATA_DIR/prepared/NAME.npz``."""


@dataclass(frozen=True)
class Archive:
    """One file to fetch: its name, address, digests (hexadecimal) and size in bytes."""

    name: str
    url: str
    sha256: str
    md5: str
    bytes: int


@dataclass(frozen=True)
class Source:
    """One data set: counts of classes and images, shape of an image, terms, archives.

    `part_of` names the set whose first classes these are. `labels` gives, by digest, the label under which results
    on prepared (or embedded) arrays are reported. `names` are the classes' names where the archive need not tell.
    `relation` says how the prepared arrays, which the book's results were computed on, relate to the official archive.
    """

    name: str
    title: str
    classes: int
    train: int
    test: int
    shape: tuple[int, ...]
    licence: str
    archives: tuple[Archive, ...] = ()
    part_of: str | None = None
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    relation: str = ""

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes by which this set can be read, the default first."""
        if self.name == "digits":
            return ("embedded",)
        return ("official", "prepared") if self.name in PREPARED else ("official",)


def _mnist(name: str, md5: str, sha256: str, size: int) -> Archive:
    return Archive(name, f"https://ossci-datasets.s3.amazonaws.com/mnist/{name}", sha256, md5, size)


_CITE = "no formal licence; its authors ask to be cited"

_CIFAR10_NAMES = "airplane automobile bird cat deer dog frog horse ship truck"

_CIFAR100_NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""

_DIGITS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

_BIRDS_LICENCE = "for non-commercial research and education; the photographs belong to their authors"

_SOURCES = (
    Source(
        name="digits",
        title="scikit-learn digits",
        classes=10,
        train=1442,
        test=355,
        shape=(8, 8),
        licence="CC BY 4.0 (UCI, Optical Recognition of Handwritten Digits); comes with scikit-learn",
        names=_DIGITS,
        labels={"db976034f716d254de4c70ef6e7d41e27e5bb74881e92cd9c153df4a0b14635b": "digits"},
        relation="It comes with scikit-learn, without a split; the last fifth of each class is for testing.",
    ),
    Source(
        name="mnist",
        title="MNIST",
        classes=10,
        train=60_000,
        test=10_000,
        shape=(28, 28),
        licence=_CITE,
        archives=(
            _mnist(
                "train-images-idx3-ubyte.gz",
                "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                9_912_422,
            ),
            _mnist(
                "train-labels-idx1-ubyte.gz",
                "d53e105ee54ea40749a09fcbcd1e9432",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                28_881,
            ),
            _mnist(
                "t10k-images-idx3-ubyte.gz",
                "9fb629c4189551a2d022fa330f9573f3",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                1_648_877,
            ),
            _mnist(
                "t10k-labels-idx1-ubyte.gz",
                "ec29112dd5afa0611ce80d1b7f02629c",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                4_542,
            ),
        ),
        names=_DIGITS,
        labels={"06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16": "MNIST"},
        relation="The official split in the official order, to the byte: the route 'official' gives the same arrays.",
    ),
    Source(
        name="cifar10",
        title="CIFAR-10",
        classes=10,
        train=50_000,
        test=10_000,
        shape=(32, 32, 3),
        licence=_CITE,
        archives=(
            Archive(
                "cifar-10-binary.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                "c32a1d4ab5d03f1284b67883e8d87530",
                170_052_171,
            ),
        ),
        names=tuple(_CIFAR10_NAMES.split()),
        labels={"195434d9312818f92288ee07c0ea20682b8f4510938679fefa19b7e2db1eb8d2": "CIFAR-10, prepared copy"},
        relation=(
            "The official split, ordered by class. 1,135 of its 60,000 images, 1,093 of them ships, were decoded from JPEG, "
            "so they differ from the official ones and cannot be made from them; the route 'official' is the nearest."
        ),
    ),
    Source(
        name="cifar100",
        title="CIFAR-100",
        classes=100,
        train=50_000,
        test=10_000,
        shape=(32, 32, 3),
        licence=_CITE,
        archives=(
            Archive(
                "cifar-100-binary.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
                "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
                "03b5dce01913d631647c71ecec9e9cb8",
                168_513_733,
            ),
        ),
        names=tuple(_CIFAR100_NAMES.split()),
        labels={"6211666e696c665a09cc924fb61e2ae3c3cd3826d0fbe469c5f552c6f891039b": "CIFAR-100, own split"},
        relation=(
            "All official images, not in the official split: within each class they are ordered by the SHA-256 digest of "
            "their pixels, and the last 100 of 600 are for testing. `cl-core data split cifar100` makes it."
        ),
    ),
    Source(
        name="cub200",
        title="CUB-200-2011",
        classes=200,
        train=5_994,
        test=5_794,
        shape=(64, 64, 3),
        licence=_BIRDS_LICENCE,
        archives=(
            Archive(
                "CUB_200_2011.tgz",
                "https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz",
                "0c685df5597a8b24909f6a7c9db6d11e008733779a671760afef78feb49bf081",
                "97eceeb196236b17998738112f37df78",
                1_150_585_339,
            ),
        ),
        hint="The streams split-cub50 and corrupted-cub50 need its first 50 classes alone; their results are their own.",
    ),
    Source(
        name="cub50",
        title="CUB-50",
        classes=50,
        train=1_500,
        test=1_389,
        shape=(64, 64, 3),
        licence=_BIRDS_LICENCE,
        part_of="cub200",
        labels={"df0a73b869e838b562d5ac25afdbe34447645e1b7d924de065bfed00574881d6": "CUB-50"},
        relation=(
            "The first 50 of 200 classes in the official split, each photograph's central square at 64 × 64 pixels. How the "
            "copy was resized is not on record: the route 'official' gives the same photographs, not the same bytes."
        ),
    ),
)

SOURCES: dict[str, Source] = {source.name: source for source in _SOURCES}
"""Every data set by name."""
