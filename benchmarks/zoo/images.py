"""Images: convolutions, autoencoders, augmentation, transfer."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from common import (
    CROSS,
    ONE_HOT,
    Kinds,
    L,
    adam,
    conv,
    dense,
    digits,
    fit,
    one_hot,
    schedules,
    sequential,
    sgd,
    targets,
)

from keras_callbacks.demo import _images


def images() -> Kinds:
    def normalized(width, **more):
        return [L.Conv2D(width, 3, padding="same", use_bias=False, **more), L.BatchNormalization(), L.ReLU()]

    def batch_norm(d):
        body = [*normalized(16), L.MaxPooling2D(), *normalized(32), L.GlobalAveragePooling2D()]
        fit(sequential((8, 8, 1), *body), digits(True), adam(3e-3), d, epochs=12)

    yield "conv_batch_norm", batch_norm

    def residual(d):
        x = inputs = keras.Input((8, 8, 1))
        x = L.ReLU()(L.BatchNormalization()(L.Conv2D(16, 3, padding="same", use_bias=False)(x)))
        for width, stride in ((16, 1), (32, 2), (32, 1)):
            y = L.Conv2D(width, 3, stride, padding="same", use_bias=False)(x)
            y = L.ReLU()(L.BatchNormalization()(y))
            y = L.BatchNormalization()(L.Conv2D(width, 3, padding="same", use_bias=False)(y))
            x = x if x.shape == y.shape else L.Conv2D(width, 1, stride)(x)
            x = L.ReLU()(L.Add()([x, y]))
        model = keras.Model(inputs, L.Dense(10, "softmax")(L.GlobalAveragePooling2D()(x)))
        fit(model, digits(True), sgd(schedules.CosineDecay(0.05, 410), momentum=0.9, nesterov=True), d, epochs=10)

    yield "residual_conv", residual

    def depthwise(d):
        body = [*normalized(16)]
        for width in (24, 32):
            body += [L.DepthwiseConv2D(3, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU()]
            body += [L.Conv2D(width, 1, use_bias=False), L.BatchNormalization(), L.ReLU()]
        fit(sequential((8, 8, 1), *body, L.GlobalAveragePooling2D()), digits(True), adam(5e-3), d, epochs=15)

    yield "depthwise_conv", depthwise

    def separable(d):
        body = [L.SeparableConv2D(32, 3), L.LeakyReLU(), L.MaxPooling2D(), L.Flatten()]
        fit(sequential((8, 8, 1), *body), digits(True), adam(5e-3), d, epochs=12)

    yield "separable_conv_leaky", separable

    def group_norm(d):
        body = [L.Conv2D(16, 3, use_bias=False), L.GroupNormalization(4), L.Activation("silu"), L.Flatten()]
        fit(sequential((8, 8, 1), *body), digits(True), adam(2e-3), d, epochs=10, batch=8)

    yield "group_norm_conv", group_norm

    def augmented(d):
        x, y, xv, yv = digits(True)
        symmetric = np.array([0, 1, -1, 2, -1, -1, -1, -1, 3, -1])  # 0, 1, 3 and 8 stay digits when they are flipped
        (x, y), (xv, yv) = ((a[symmetric[b] >= 0], symmetric[b[symmetric[b] >= 0]]) for a, b in ((x, y), (xv, yv)))
        change = [L.RandomFlip("vertical"), L.RandomTranslation(0.1, 0.1), L.GaussianNoise(0.15)]
        body = [L.Conv2D(16, 3, activation="relu"), L.Conv2D(32, 3, activation="relu"), L.Flatten(), L.Dropout(0.3)]
        fit(sequential((8, 8, 1), *change, *body, out=4), (x, y, xv, yv), adam(2e-3), d, epochs=30)

    yield "augmentation", augmented

    def rescaling(d):
        x, y, xv, yv = digits(True)
        body = [L.Rescaling(1 / 255), L.Conv2D(16, 3, activation="relu"), L.Flatten()]
        fit(sequential((8, 8, 1), *body), (x * 255, y, xv * 255, yv), adam(2e-3), d, epochs=10)

    yield "pixels_rescaled", rescaling

    def mixed_up(d):
        x, y, xv, yv = one_hot(digits(True))
        pairs = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1300, seed=1).batch(32)

        def mix(a, b):
            share = tf.random.uniform(())
            return share * a[0] + (1 - share) * b[0], share * a[1] + (1 - share) * b[1]

        data = tf.data.Dataset.zip(pairs, pairs).map(mix)
        fit(conv(), (data, None, xv, yv), adam(2e-3), d, loss=ONE_HOT, epochs=15, batch=None)

    yield "mixup", mixed_up

    def smoothed(d):
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
        fit(conv(), one_hot(digits(True)), adam(2e-3), d, loss=loss, epochs=10)

    yield "label_smoothing", smoothed

    def denoised(d):
        x, _, xv, _ = digits(True)
        noise = np.random.default_rng(0).normal(0, 0.2, (2000, 8, 8, 1)).astype("float32")
        body = [L.Conv2D(16, 3, padding="same", activation="relu"), L.MaxPooling2D()]
        body += [L.Conv2D(16, 3, padding="same", activation="relu"), L.UpSampling2D()]
        body += [L.Conv2D(16, 3, padding="same", activation="relu")]
        model = keras.Sequential([keras.Input((8, 8, 1)), *body, L.Conv2D(1, 3, padding="same", activation="sigmoid")])
        data = (x + noise[: len(x)], x, xv + noise[-len(xv) :], xv)
        fit(model, data, adam(3e-3), d, loss=CROSS, epochs=10)

    yield "denoising_autoencoder_bce", denoised

    def segmented(d):
        first = L.Conv2D(16, 3, padding="same", activation="relu")
        inputs = keras.Input((8, 8, 1))
        a = first(inputs)
        b = L.Conv2D(32, 3, padding="same", activation="relu")(L.MaxPooling2D()(a))
        c = L.Concatenate()([a, L.Conv2DTranspose(16, 2, 2, activation="relu")(b)])
        model = keras.Model(inputs, L.Conv2D(1, 1, activation="sigmoid")(c))
        data = targets(digits(True), lambda x, y: (x > 0.5).astype("float32"))
        fit(model, data, adam(3e-3), d, loss=CROSS, epochs=8)

    yield "segmentation_unet", segmented

    def frozen_base(d):
        base = keras.Sequential(
            [keras.Input((8, 8, 1)), *normalized(16), L.MaxPooling2D(), *normalized(32), L.Flatten()]
        )
        x, y, xv, yv = digits(True)
        whole = keras.Sequential([base, L.Dense(5, "softmax")])
        whole.compile(adam(3e-3), "sparse_categorical_crossentropy", jit_compile=False)
        whole.fit(x[y < 5], y[y < 5], epochs=6, verbose=0)
        base.trainable = False
        data = (x[y >= 5], y[y >= 5] - 5, xv[yv >= 5], yv[yv >= 5] - 5)
        fit(sequential((8, 8, 1), base, L.Dropout(0.2), out=5), data, adam(3e-3), d, epochs=15)

    yield "transfer_frozen_base", frozen_base

    def fine_tuned(d):
        model, data = dense((64, 64)), digits()
        model.compile(adam(2e-3), "sparse_categorical_crossentropy", jit_compile=False)
        model.fit(*data[:2], epochs=4, verbose=0)
        fit(model, data, adam(2e-4), d, epochs=6)

    yield "fine_tuning", fine_tuned

    def fashion(d):
        x, y, xv, yv = _images()[1]  # Fashion-MNIST where it is on the machine, else digits
        body = [L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Conv2D(32, 3, activation="relu"), L.Flatten()]
        fit(sequential(x.shape[1:], *body), (x, y, xv, yv), adam(2e-3), d, epochs=6)

    yield "images_of_the_demo", fashion
