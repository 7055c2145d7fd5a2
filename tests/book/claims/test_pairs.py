"""Runs paired by seed: where every side has one, on the same images."""

from cl_book.claims.pairs import pair_by_seed


def test_a_seed_is_paired_where_every_side_has_a_run_of_it_on_the_same_images(make_result):
    frozen = {seed: make_result(seed=seed) for seed in (2, 0, 1)}
    whole = {seed: make_result(strategy="initialized", seed=seed) for seed in (0, 1, 3)}
    assert pair_by_seed([frozen, whole]) == {seed: (frozen[seed], whole[seed]) for seed in (0, 1)}
    elsewhere = make_result(strategy="initialized", data={**whole[1].data, "digest": "0" * 64, "route": "official"})
    assert list(pair_by_seed([frozen, {**whole, 1: elsewhere}])) == [0]
    assert pair_by_seed([]) == {}
