"""Reads what the callback recorded, judges it, and shows it; works without TensorFlow and Keras."""

__version__ = "0.1.0"
