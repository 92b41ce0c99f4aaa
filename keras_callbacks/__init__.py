"""Keras callbacks of tb-nndiag. This folder alone imports Keras and TensorFlow."""

from keras_callbacks.diagnosis import Diagnosis

__all__ = ["Diagnosis"]
