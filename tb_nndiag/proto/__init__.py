"""Structured records; nndiag_pb2 is generated from nndiag.proto when the package is built."""
