"""How tasks are cut: sizes, what may overlap and what may not, and what the seed decides."""

from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cl_core.streams import DEFINITIONS, Definition
from cl_core.streams.tasks import build, select_held_out

PARTS = ["validation", "test"]


def split(tasks, classes):
    return Definition(name="made", dataset="made", kind="split", tasks=tasks, classes=classes)


def kinds():
    yield split(4, 3)
    yield Definition(name="made", dataset="made", kind="permuted", tasks=4, classes=12)
    yield Definition(name="made", dataset="made", kind="correlated", tasks=3, classes=4, overlap=0.5)
    yield Definition(name="made", dataset="made", kind="corrupted", tasks=4, classes=3, severity=2.0)
    yield Definition(name="made", dataset="made", kind="turned", tasks=16, classes=3)
    yield Definition(
        name="made", dataset="made", kind="partly-corrupted", tasks=4, classes=3, severity=2.0, corrupted=1
    )


KINDS = pytest.mark.parametrize("definition", list(kinds()), ids=lambda definition: definition.kind)


@pytest.fixture(scope="module")
def data(made):
    return made(12, 30, 6, (4, 4), extra=4)


def sets(tasks, field):
    return [set(getattr(task, field).tolist()) for task in tasks]


@KINDS
@pytest.mark.parametrize("part", PARTS)
def test_the_same_seed_gives_the_same_stream_and_another_seed_another(definition, part, data):
    one, two, other = (build(definition, data, seed, part) for seed in (5, 5, 6))
    assert len(one) == definition.tasks
    for a, b in zip(one, two, strict=True):
        assert a.classes == b.classes
        for field in ("train", "held", "x_train", "x_eval", "y_train", "y_eval"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))
    assert any(not np.array_equal(a.x_train, b.x_train) for a, b in zip(one, other, strict=True))


@KINDS
@pytest.mark.parametrize("part", PARTS)
def test_labels_are_places_in_the_head_and_images_are_their_own(definition, part, data):
    for task in build(definition, data, 3, part):
        assert len(task.classes) == len(set(task.classes)) == definition.classes
        y = data.y_test if part == "test" else data.y_train
        np.testing.assert_array_equal(np.array(task.classes)[task.y_train], data.y_train[task.train])
        np.testing.assert_array_equal(np.array(task.classes)[task.y_eval], y[task.held])
        assert set(task.y_train.tolist()) == set(task.y_eval.tolist()) == set(range(definition.classes))
        assert task.y_train.dtype == np.int64
        assert task.x_train.dtype == task.x_eval.dtype == np.uint8
        assert task.x_train.shape == (len(task.train), 4, 4)
        np.testing.assert_array_equal(task.images("train", 5), task.x_train[:5])
        np.testing.assert_array_equal(task.images("eval", 5), task.x_eval[:5])
        assert len(set(task.train.tolist())) == len(task.train)
        assert len(set(task.held.tolist())) == len(task.held)


@KINDS
def test_validation_trains_on_nothing_that_it_scores_on_and_reads_no_test_image(definition, data):
    poisoned = replace(data, x_test=np.zeros_like(data.x_test), y_test=np.roll(data.y_test, 1))
    clean, without = (build(definition, images, 3, "validation") for images in (data, poisoned))
    held = set(np.flatnonzero(select_held_out(data)).tolist())
    for task, other in zip(clean, without, strict=True):
        assert not set(task.train.tolist()) & held
        assert set(task.held.tolist()) <= held
        np.testing.assert_array_equal(task.x_train, other.x_train)
        np.testing.assert_array_equal(task.x_eval, other.x_eval)
        np.testing.assert_array_equal(task.y_eval, other.y_eval)


@KINDS
def test_part_test_trains_on_training_images_and_scores_on_test_images(definition, data):
    for task in build(definition, data, 3, "test"):
        if definition.kind in ("split", "permuted"):
            assert set(task.train.tolist()) == set(np.flatnonzero(np.isin(data.y_train, task.classes)).tolist())
            assert set(task.held.tolist()) == set(np.flatnonzero(np.isin(data.y_test, task.classes)).tolist())
        assert task.held.max() < len(data.x_test)


def test_the_held_out_tenth_is_a_tenth_of_each_class_and_never_moves(made):
    for classes, count in ((3, 40), (7, 5), (2, 94)):
        data = made(classes, count, 1)
        held = select_held_out(data)
        per_class = [int(held[data.y_train == label].sum()) for label in range(classes)]
        assert per_class == [max(1, round(count / 10))] * classes
        np.testing.assert_array_equal(held, select_held_out(made(classes, count, 1)))
    other = [build(split(3, 1), made(3, 40, 1), seed, "validation") for seed in (100, 101)]
    assert set.union(*sets(other[0], "held")) == set.union(*sets(other[1], "held"))


@given(seed=st.integers(0, 2**31), tasks=st.sampled_from([1, 2, 3, 4, 6, 12]), part=st.sampled_from(PARTS))
@settings(max_examples=25, deadline=None)
def test_split_uses_every_class_and_image_exactly_once(seed, tasks, part, data):
    cut = build(split(tasks, 12 // tasks), data, seed, part)
    assert sorted(label for task in cut for label in task.classes) == list(range(12))
    total = len(data.x_train) - (int(select_held_out(data).sum()) if part == "validation" else 0)
    assert sum(len(task.train) for task in cut) == len(set.union(*sets(cut, "train"))) == total
    assert sum(len(task.held) for task in cut) == len(set.union(*sets(cut, "held")))


def test_class_orders_of_many_seeds_are_uniform(made):
    data = made(4, 1, 1)
    first = [build(split(4, 1), data, seed, "test")[0].classes[0] for seed in range(400)]
    assert np.all(np.abs(np.bincount(first, minlength=4) - 100) < 40)


@given(
    seed=st.integers(0, 2**31),
    shared=st.integers(0, 4),
    tasks=st.integers(1, 3),
    part=st.sampled_from(PARTS),
)
@settings(max_examples=40, deadline=None)
def test_correlated_tasks_are_equal_in_size_share_what_they_say_and_reuse_nothing(seed, shared, tasks, part, data):
    definition = Definition(name="made", dataset="made", kind="correlated", tasks=tasks, classes=4, overlap=shared / 4)
    cut = build(definition, data, seed, part)
    smallest = 30 if part == "test" else 27
    for task in cut:
        np.testing.assert_array_equal(np.bincount(task.y_train), [smallest // tasks] * 4)
        np.testing.assert_array_equal(np.bincount(task.y_eval), [6 if part == "test" else 3] * 4)
    for one, other in pairwise(cut):
        assert len(set(one.classes) & set(other.classes)) == shared
    for one, other in combinations(sets(cut, "train"), 2):
        assert not one & other
    for one, other in pairwise(cut):
        for label in set(one.classes) & set(other.classes):
            assert one.classes.index(label) == other.classes.index(label)


def test_the_first_correlated_task_is_the_same_at_every_overlap(data):
    firsts = [
        build(
            Definition(name="m", dataset="m", kind="correlated", tasks=3, classes=4, overlap=quarter / 4),
            data,
            8,
            "test",
        )[0]
        for quarter in range(5)
    ]
    for first in firsts:
        assert first.classes == firsts[0].classes
        np.testing.assert_array_equal(first.x_train, firsts[0].x_train)


def test_at_overlap_one_all_tasks_have_one_set_of_classes_and_use_up_their_images(data):
    cut = build(Definition(name="m", dataset="m", kind="correlated", tasks=3, classes=4, overlap=1.0), data, 8, "test")
    assert len({task.classes for task in cut}) == 1
    used = set.union(*sets(cut, "train"))
    left = [
        int(((data.y_train == label).sum()) - sum(data.y_train[i] == label for i in used)) for label in cut[0].classes
    ]
    assert max(left) <= 4  # what the largest class has beyond the smallest


def test_too_many_correlated_tasks_for_the_images_is_an_error(made):
    definition = Definition(name="m", dataset="m", kind="correlated", tasks=4, classes=1, overlap=0.0)
    with pytest.raises(ValueError, match="fewer training images"):
        build(definition, made(4, 3, 1), 0, "test")


def test_permuted_tasks_hold_the_same_images_under_their_own_permutation(data):
    cut = build(Definition(name="m", dataset="m", kind="permuted", tasks=3, classes=12), data, 8, "test")
    plain = dict(zip(cut[0].train.tolist(), cut[0].x_train, strict=True))
    np.testing.assert_array_equal(cut[0].x_train, data.x_train[cut[0].train])
    orders = []
    for task in cut[1:]:
        assert set(task.train.tolist()) == set(plain)
        order = task.transform.places
        orders.append(tuple(order))
        assert sorted(order) == list(range(16))
        for position, image in zip(task.train[:20].tolist(), task.x_train[:20], strict=True):
            np.testing.assert_array_equal(image.ravel(), plain[position].ravel()[order])
        np.testing.assert_array_equal(task.x_eval.reshape(-1, 16), data.x_test[task.held].reshape(-1, 16)[:, order])
    assert len(set(orders)) == 2


def test_turned_tasks_go_through_all_classes_four_times(data):
    cut = build(Definition(name="m", dataset="m", kind="turned", tasks=16, classes=3), data, 8, "test")
    for cycle in range(4):
        some = cut[4 * cycle : 4 * cycle + 4]
        assert sorted(label for task in some for label in task.classes) == list(range(12))
        for task in some:
            np.testing.assert_array_equal(task.x_train, np.rot90(data.x_train[task.train], cycle, axes=(1, 2)))
    assert [task.classes for task in cut[:4]] != [task.classes for task in cut[4:8]]


def corrupted(severity, tasks=4):
    return Definition(name="m", dataset="m", kind="corrupted", tasks=tasks, classes=12 // tasks, severity=severity)


def test_corruption_grows_evenly_from_a_clean_first_task_alike_in_training_and_scoring(made):
    data = made(12, 40, 10, (16, 16))
    grey = replace(data, x_train=np.full_like(data.x_train, 127), x_test=np.full_like(data.x_test, 127))
    for part in PARTS:
        cut = build(corrupted(1.0), grey, 2, part)
        for number, task in enumerate(cut):
            expected = 25.5 * number / 3
            assert task.transform.deviation == pytest.approx(expected)
            assert task.x_train.std() == pytest.approx(expected, rel=0.03, abs=0.01)
            # Rounded to the nearest level, not downwards: the noise does not darken.
            assert task.x_train.mean() == pytest.approx(127, abs=0.01 + expected / 60)
            assert task.x_eval.std() == pytest.approx(expected, rel=0.06, abs=0.01)


def test_severities_differ_in_scale_alone_and_severity_zero_is_the_split(data):
    plain = build(split(4, 3), data, 2, "test")
    none, some, more = (build(corrupted(severity), data, 2, "test") for severity in (0.0, 1.0, 2.0))
    for a, b, c, d in zip(plain, none, some, more, strict=True):
        np.testing.assert_array_equal(a.x_train, b.x_train)
        np.testing.assert_array_equal(a.train, d.train)
        inside = (d.x_train > 0) & (d.x_train < 255) & (c.x_train > 0) & (c.x_train < 255)
        one, two = (x.x_train.astype(int) - a.x_train for x in (c, d))
        assert np.abs(two - 2 * one)[inside].max() <= 1.5


def test_noise_belongs_to_the_image_not_to_who_asks(data):
    task = build(corrupted(4.0), data, 2, "validation")[-1]
    whole = build(corrupted(4.0), data, 2, "test")[-1]
    place = {position: row for row, position in enumerate(whole.train.tolist())}
    among = whole.x_train[[place[position] for position in task.held.tolist()]]
    np.testing.assert_array_equal(task.x_eval, among)
    np.testing.assert_array_equal(task.images("train", 3), task.x_train[:3])
    noises = [task.transform._noise(number, (16,)) for number in range(50)]
    assert np.abs(np.corrcoef(noises) - np.eye(50)).max() < 0.95


def test_a_test_image_has_noise_of_its_own(data):
    grey = replace(data, x_train=np.full_like(data.x_train, 127), x_test=np.full_like(data.x_test, 127))
    task = build(corrupted(4.0), grey, 2, "test")[-1]
    seen = {image.tobytes() for image in task.x_train}
    assert len(seen) == len(task.train)
    assert not seen & {image.tobytes() for image in task.x_eval}
    # Position n among the test images is another image than position n among the training images.
    same = task.transform(grey.x_train[task.held], task.held)
    assert not np.any(np.all(same == task.x_eval, axis=(1, 2)))


def test_every_catalogued_kind_is_tested_here():
    assert {definition.kind for definition in kinds()} == {definition.kind for definition in DEFINITIONS.values()}


def correlated(overlap, tasks=3, **options):
    return Definition(name="m", dataset="m", kind="correlated", tasks=tasks, classes=4, overlap=overlap, **options)


@given(seed=st.integers(0, 2**31), shared=st.integers(0, 2), images=st.integers(1, 15))
@settings(max_examples=25, deadline=None)
def test_a_class_takes_its_next_images_at_each_task_where_their_number_is_given(seed, shared, images, data):
    cut = build(correlated(shared / 4, class_images=images), data, seed, "test")
    for task in cut:
        np.testing.assert_array_equal(np.bincount(task.y_train), [images] * 4)
    for one, other in pairwise(cut):
        assert len(set(one.classes) & set(other.classes)) == shared
    assert sum(len(task.train) for task in cut) == len(set.union(*sets(cut, "train"))) == 12 * images


@pytest.mark.parametrize("count", [0, 10, 30])
def test_shared_classes_may_bring_the_same_images(count, data):
    cut = build(correlated(0.5, class_images=count, same_images=True), data, 8, "test")
    for one, other in pairwise(cut):
        common = set(one.classes) & set(other.classes)
        assert len(common) == 2
        for label in common:
            mine, theirs = ({i for i in task.train.tolist() if data.y_train[i] == label} for task in (one, other))
            assert mine == theirs
            assert len(mine) == (count or 10)
    apart = build(correlated(0.5, class_images=min(count, 15)), data, 8, "test")[0]
    if count <= 15:
        np.testing.assert_array_equal(cut[0].x_train, apart.x_train)


def test_more_images_than_a_class_has_for_its_tasks_is_an_error(data):
    with pytest.raises(ValueError, match="occurs in up to 2 tasks; give 15 at most"):
        build(correlated(0.5, class_images=16), data, 8, "test")
    with pytest.raises(ValueError, match="occurs in up to 3 tasks; give 10 at most"):
        build(correlated(1.0, class_images=11), data, 8, "test")


def test_a_split_with_few_images_begins_as_a_correlated_stream_without_shared_classes(data):
    few = build(replace(split(3, 4), class_images=10), data, 8, "test")
    np.testing.assert_array_equal([np.bincount(task.y_train) for task in few], [[10] * 4] * 3)
    together = build(correlated(0.0), data, 8, "test")
    assert [set(task.classes) for task in few] == [set(task.classes) for task in together]
    assert set(few[0].train.tolist()) == set(together[0].train.tolist())
    whole = build(split(3, 4), data, 8, "test")
    for less, more in zip(few, whole, strict=True):
        assert less.classes == more.classes
        assert set(less.train.tolist()) < set(more.train.tolist())
        np.testing.assert_array_equal(less.x_eval, more.x_eval)


def partly(corrupted, tasks=4, severity=2.0, corruption="all"):
    return Definition(
        name="m",
        dataset="m",
        kind="partly-corrupted",
        tasks=tasks,
        classes=12 // tasks,
        severity=severity,
        corrupted=corrupted,
        corruption=corruption,
    )


@pytest.mark.parametrize(
    ("corrupted", "tasks", "places"),
    [(0, 4, []), (1, 4, [2]), (3, 4, [1, 2, 3]), (1, 12, [6]), (2, 12, [4, 8]), (3, 12, [3, 6, 9]), (1, 2, [1])],
)
@pytest.mark.parametrize("part", PARTS)
def test_corrupted_tasks_are_spread_behind_a_clean_first_and_scored_on_clean_images(
    corrupted, tasks, places, part, data
):
    plain = build(split(tasks, 12 // tasks), data, 2, part)
    cut = build(partly(corrupted, tasks), data, 2, part)
    changed = []
    for number, (task, before) in enumerate(zip(cut, plain, strict=True)):
        np.testing.assert_array_equal(task.train, before.train)
        np.testing.assert_array_equal(task.x_eval, before.x_eval)
        changed += [] if np.array_equal(task.x_train, before.x_train) else [number]
    assert changed == places


def test_severity_zero_corrupts_nothing_and_each_corruption_can_stand_alone(data):
    wide = replace(data, x_train=np.stack([data.x_train, data.x_train // 2, 255 - data.x_train], axis=-1))
    plain = build(split(4, 3), wide, 2, "test")[2].x_train
    np.testing.assert_array_equal(build(partly(1, severity=0.0), wide, 2, "test")[2].x_train, plain)
    colour = build(partly(1, corruption="colour"), wide, 2, "test")[2]
    np.testing.assert_array_equal(colour.x_train, plain[..., ::-1])
    said = {
        kind: build(partly(1, corruption=kind), wide, 2, "test")[2].transform.describe()
        for kind in ("all", "colour", "blur", "rotation")
    }
    assert said == {
        "all": "red and blue swapped, blurred by 0.125 pixels, turned by 30°",
        "colour": "red and blue swapped",
        "blur": "blurred by 0.125 pixels",
        "rotation": "turned by 30°",
    }


def test_the_first_tasks_of_a_stream_are_those_of_the_whole_one(data):
    whole, first = split(4, 3), replace(split(4, 3), first_tasks=2)
    for one, other in zip(build(whole, data, 5, "test")[:2], build(first, data, 5, "test"), strict=True):
        assert one.classes == other.classes
        assert np.array_equal(one.train, other.train)
        assert np.array_equal(one.held, other.held)


def test_classes_may_be_taken_as_they_are_numbered(data):
    tasks = build(replace(split(4, 3), class_order="numbered"), data, 5, "test")
    assert [task.classes for task in tasks] == [(0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11)]
