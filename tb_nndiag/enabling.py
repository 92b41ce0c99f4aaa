"""What would let a rule look that could not: one line, from what is missing. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tb_nndiag.rule import Rule, all_rules, number
from tb_nndiag.run import Card, Run
from tb_nndiag.signals import SIGNALS
from tb_nndiag.verdict import Verdict

_FIT = 'model.fit({}, callbacks=[Diagnosis("logs/run1")])'
_NUMBERS = {"two": 2, "three": 3}
_OF_VALIDATION = {"val_inputs", "val_labels", "shift", "label_shift", "overlap"}


@dataclass(frozen=True)
class Enabling:
    """do: a sentence; code: the line that does it, where one line does."""

    do: str
    code: str = ""


_VALIDATION = Enabling("Give `fit` validation rows.", _FIT.format("x, y, validation_data=(x_val, y_val)"))
_DENSE_VALIDATION = Enabling(
    "Give `fit` validation rows of the training rows' shape, as arrays or as batches of dense numbers, one step per execution.",
    _VALIDATION.code,
)
_FIRST_EPOCH = Enabling("Let the first epoch end: rows of it are evaluated then.")
_ONE_SHAPE = Enabling("Give `fit` rows of one shape, padded if need be: rows of varying length are not kept for this.")
_TRAINABLE = Enabling("Let a layer train, before `compile`.", "model.layers[0].trainable = True")
_APPLY = Enabling(
    "In a `train_step` of your own, apply the gradients with the model's optimizer.",
    "self.optimizer.apply(gradients, self.trainable_variables)",
)
_COMPUTE_LOSS = Enabling(
    "In a `train_step` of your own, compute the loss with `compute_loss`.",
    "loss = self.compute_loss(x=x, y=y, y_pred=y_pred, training=True)",
)
_KNOWN_LOSS = Enabling(
    "Give `compile` one of Keras' own losses: how well a constant does under it is then known.",
    'model.compile(optimizer, loss="mse")',
)
_RECORD = Enabling("Record a training from its first step on: the description of this model is not in the logdir.")
_ONE_DEVICE = Enabling("Train on one device: with several it is not recorded.")
_EXPERIMENT = Enabling("Make the experiment that the rule's page describes: one training cannot tell.")
_WAITS = Enabling("Train longer, one step per execution: a wait is measured now and then, from step 80 on.")
_ONE_OUTPUT = Enabling("Nothing to change: this rule judges models with one output and one loss that it knows.")

_BY_SIGNAL = {
    "loss": _COMPUTE_LOSS,
    "gradients": _APPLY,
    "updates": _APPLY,
    "optimizer": _APPLY,
    "batches": Enabling("Let the first epoch end: its batches are compared then."),
    "wait": _WAITS,
    "mode": Enabling("Nothing to change: this model does the same in training and in inference."),
    "baseline": _KNOWN_LOSS,
    "perfect": _KNOWN_LOSS,
}

# What the rules say when they have too little, and what changes it; the first that is found in a reason counts.
_BY_REASON = (
    (
        r"weights its rows",
        Enabling(
            "Weight the validation rows, too.", _FIT.format("x, y, validation_data=(x_val, y_val, sample_weight_val)")
        ),
    ),
    (
        r"averages of",
        Enabling("Train longer, or lower the `momentum` of that layer: its averages follow the batches sooner then."),
    ),
    (r"validation loss", Enabling("Mend the validation loss first: it was never a finite number.")),
    (
        r"held rows of the rare|distinct training rows|rows to tell|needs \S+ (held )?rows, has",
        Enabling("Train on more rows."),
    ),
    (
        r"rows may be equal by chance",
        Enabling("Nothing to change: this rule judges inputs that are not whole numbers."),
    ),
    (r"does not tell how much memory", Enabling("Nothing to change: this rule judges where /proc tells the memory.")),
    (r"no seed was set", Enabling("Set a seed first.", "keras.utils.set_random_seed(1)")),
    (r"number of rows and of outputs", _ONE_OUTPUT),
    (r"measured waits", _WAITS),
    (r"batches an epoch", Enabling("Use smaller batches, so that an epoch has more of them.")),
    (r"constant prediction", _KNOWN_LOSS),
    (
        r"predictions are logits",
        Enabling("End the model in the activation that makes probabilities of them.", 'activation="softmax"'),
    ),
    (r"first step was not observed", Enabling("Give `fit` the callback from its first step on.")),
    (r"loss scale|clipping", _ONE_DEVICE),
    (r"inputs do not vary", Enabling("Mend the inputs first: they are the same for every row.")),
    (r"end of the epoch only", _FIRST_EPOCH),
    (r"stopped for another finding", Enabling("Mend that finding first, then train to the end.")),
    (r"has not ended", Enabling("Wait for the end of the training.")),
    (r"loss of the held rows", _ONE_SHAPE),
    (r"at least one batch", _COMPUTE_LOSS),
    (r"the batch size|the optimizer|parameters", _RECORD),
    (
        r"layers follow each other",
        Enabling("Nothing to change: this rule judges models whose layers follow each other."),
    ),
    (r"hidden layer", Enabling("Nothing to change: this rule judges hidden layers that have an activation.")),
    (r"with one |with a single|there are several", _ONE_OUTPUT),
)


def enabling(verdicts: Sequence[Verdict], run: Run) -> dict[str, Enabling]:
    """Rule → what lets it look next time, for every rule whose answer is "unknown" and where that is known.

    verdicts: `engine.diagnose(run)`
    """
    rules = {rule.name: rule for rule in all_rules()}
    off = {v.rule: _EXPERIMENT for v in verdicts if v.off}
    unselected = [v.rule for v in verdicts if v.off and rules[v.rule].opt_in]
    off |= dict.fromkeys(
        unselected,
        Enabling("Off by default: select those that you want to know of.", f"select = {json.dumps(unselected)}"),
    )
    looked = [v for v in verdicts if v.status == "unknown" and not v.off]
    unknown = {v.rule: _enabled_by(rules[v.rule], v.reason, run) for v in looked}
    epochs = max(
        [wanted for wanted in unknown.values() if isinstance(wanted, int)], default=0
    )  # enough for all of them
    lines = {rule: _longer(epochs, run) if isinstance(line, int) else line for rule, line in unknown.items()}
    return off | {rule: line for rule, line in lines.items() if line}


def _enabled_by(rule: Rule, reason: str, run: Run) -> Enabling | int | None:
    """An int: so many epochs."""
    card = run.card or Card()
    missing = [signal for signal in rule.reads if signal not in run]
    if not card.validation and ("validation" in reason or _OF_VALIDATION & {*missing}):
        return _VALIDATION
    if missing:
        return _recorded_by(missing[0], run, card)
    if "run card" in reason:
        return _RECORD
    if batch := re.search(r"a batch of (\S+) rows", reason):
        return Enabling("Use larger batches.", _FIT.format(f"x, y, batch_size={batch[1]}"))
    known = next((enabling for pattern, enabling in _BY_REASON if re.search(pattern, reason)), None)
    longer = re.search(r"(\S+) (steps|records|epochs|evaluations)\b", reason)
    return known if known or not longer else _epochs(longer[1], longer[2], card)


def _recorded_by(signal: str, run: Run, card: Card) -> Enabling:
    if signal in _OF_VALIDATION:
        return _DENSE_VALIDATION
    if SIGNALS[signal].cadence != "step" and "epoch" not in run:
        return _FIRST_EPOCH
    if signal in ("gradients", "updates") and card.layers and card.trainable_parameters == 0:
        return _TRAINABLE
    return _BY_SIGNAL.get(signal, _ONE_SHAPE)


def _epochs(count: str, unit: str, card: Card) -> Enabling | int:
    """How many epochs have so many steps, records or evaluations; the first records come with every step."""
    wanted = _NUMBERS.get(count) or float(count.replace(",", ""))
    if unit in ("epochs", "evaluations"):
        return int(wanted)
    if not card.steps_per_epoch:
        return Enabling(f"Train longer: for at least {number(wanted)} steps.")
    return math.ceil(wanted / card.steps_per_epoch)


def _longer(epochs: int, run: Run) -> Enabling:
    asked = run.card.epochs if run.card else 0
    if not run.ended and epochs <= asked:
        return Enabling(f"Wait: epoch {epochs:,} of the {asked:,} asked for is enough for all of these.")
    return Enabling(f"Train for at least {epochs:,} epochs.", _FIT.format(f"x, y, epochs={epochs}"))
