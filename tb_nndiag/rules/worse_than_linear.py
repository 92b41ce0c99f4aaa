"""A linear model on the same rows does better; a second training tells.

## What it sees

Nothing yet: a single training cannot tell. It takes a second one, of the output layer alone.

## Why it matters

A network can do what its output layer alone can do, and more. Where it does worse, the hidden layers are in the way: they do not
train, or they learn the rows by heart.

## What to do first

Train the output layer on the inputs as they are, and compare the losses:

    linear = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    linear.compile(model.optimizer.__class__(), loss)
    linear.fit(x, y, epochs=50, validation_data=(x_val, y_val), verbose=0)
    print(linear.evaluate(x_val, y_val, verbose=0), model.evaluate(x_val, y_val, verbose=0))

Give it the units and the activation of the network's own output layer.

## When it is wrong

On a problem that is linear, the two are equal within the differences between seeds.

## Source

Google, "Rules of Machine Learning", rule 4: keep the first model simple. Karpathy 2019, "A Recipe for Training Neural Networks".
"""

from __future__ import annotations

from tb_nndiag.rule import Finding, NeedsExperiment, rule
from tb_nndiag.run import Run


@rule("NND712", severity="warning", reads=[])
def worse_than_linear(run: Run) -> Finding | None:
    raise NeedsExperiment("train the output layer alone on the same rows, and compare the validation losses")
