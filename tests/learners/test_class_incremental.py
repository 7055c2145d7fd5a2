"""Over all heads the largest output names the class."""

import torch

from cl_core.learners.class_incremental import count_correct_over_heads


def test_over_several_heads_the_largest_output_names_the_class():
    heads = [torch.tensor([[3.0, 1.0], [0.0, 1.0], [0.0, 2.0]]), torch.tensor([[2.0, 0.0], [5.0, 0.0], [1.0, 0.0]])]
    labels = torch.tensor([0, 1, 1])
    # Answers are classes 7, 4 and 8: right, wrong (head 2 says 4, the label is 8), right.
    assert count_correct_over_heads(heads, [(7, 8), (4, 9)], (7, 8), labels) == 2
    # Where the second head knows class 8 as well, its answer counts: a class is right whichever head names it.
    assert count_correct_over_heads(heads, [(7, 8), (8, 9)], (7, 8), labels) == 3
