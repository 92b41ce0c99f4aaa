"""What has been learned, as a share of what a constant prediction leaves."""

from __future__ import annotations

import numpy as np
import pytest
from made_up import gaps, losses, run, series

from tb_nndiag.progress import floor_loss, now_left, still_falling, val_left_over
from tb_nndiag.rule import NotEnoughData


def learned(*train, val=np.nan, constant=1.0, **more):
    return run(gap=gaps(train, val), loss=losses(train), baseline=series("baseline", constant_loss=constant), **more)


def test_a_perfect_prediction_leaves_nothing_and_a_constant_one_all():
    assert now_left(learned(1.0, 0.2)) == pytest.approx(0.2)
    assert now_left(learned(1.0, 0.75, perfect=series("perfect", loss=0.5))) == pytest.approx(0.5)


@pytest.mark.parametrize("perfect", [{}, {"perfect": series("perfect", loss=0.9)}, {"perfect": series("perfect", loss=np.nan)}])
def test_a_loss_that_was_reached_shows_that_the_floor_lies_no_higher(perfect):
    reached = learned(0.8, -1.0, np.nan, -0.5, val=0.5, **perfect)
    assert floor_loss(reached) == -1.0
    assert val_left_over(reached)[1][-1] == pytest.approx(0.75)  # of the way from 1 to -1, not of 1 to 0.9


def test_without_an_evaluation_the_floor_is_what_was_recorded():
    assert floor_loss(run(perfect=series("perfect", loss=0.5))) == 0.5
    assert floor_loss(run()) == 0.0


@pytest.mark.parametrize("penalty", [0.0, np.linspace(0.9, 0.0, 9)], ids=["without a penalty", "of which a penalty is all that falls"])
def test_a_penalty_that_falls_is_no_progress(penalty):
    whole = np.linspace(1.9, 1.0, 9)
    gap = series("gap", steps=np.arange(9), train=whole, penalty=penalty, epoch=1)
    assert still_falling(run(gap=gap), least=0.01) == (np.max(penalty) == 0)


@pytest.mark.parametrize("lowest", [0.0, -0.1])
def test_negative_weights_make_the_loss_tell_nothing(lowest):
    """A prediction that is far off is rewarded then."""
    weighted = learned(1.0, 0.2, weights=series("weights", min=lowest))
    if lowest < 0:
        with pytest.raises(NotEnoughData, match="negative weights"):
            now_left(weighted)
    else:
        assert now_left(weighted) == pytest.approx(0.2)
