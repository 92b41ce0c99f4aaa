"""One event file → its events: a length, its checksum, an event, its checksum, and so on.

TensorBoard's own reader computes the checksums byte by byte in Python where TensorFlow is not installed.
"""

from __future__ import annotations

import functools
import os
import struct
from collections.abc import Sequence

import numpy as np
from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2

_POLYNOMIAL = 0x82F63B78  # of CRC-32C, lowest bit first
_ALL_ONES = bytes.fromhex("54641f64")  # brings a register of zeros to the 32 ones that a checksum begins with
_WIDTH = 128  # bytes that are looked up together
_ROWS = 2048  # as many of them at once as a processor's cache holds


def read_events(path: str | os.PathLike[str]) -> tuple[list[event_pb2.Event], bool]:
    """The events of one file as far as it is sound, and whether it is damaged there.

    A last event that is half written is no damage: the training goes on. Raises OSError.
    """
    bodies: list[bytes] = []
    stated: list[int] = []
    damaged = False
    with open(path, "rb") as file:
        left = os.fstat(file.fileno()).st_size
        while len(header := file.read(12)) == 12:
            length, of_length = struct.unpack("<QI", header)
            damaged = _checksum_of_length(header[:8]) != of_length
            left -= 12 + length + 4
            if damaged or left < 0:
                break
            bodies.append(file.read(length))
            stated += struct.unpack("<I", file.read(4))
    wrong = np.flatnonzero(checksums(bodies) != np.array(stated, np.uint32))
    events = []
    for body in bodies[: wrong[0] if len(wrong) else None]:
        try:
            events.append(event_pb2.Event.FromString(body))
        except DecodeError:
            return events, True
    return events, damaged or len(wrong) > 0


def checksums(bodies: Sequence[bytes]) -> np.ndarray:
    """(bodies,) uint32: the masked CRC-32C of each, as event files hold it.

    A checksum is linear in the bytes: each row of bytes is looked up at once, and the rows are joined from the first to the
    last. Zeros before a message change nothing, so that rows are filled up in front.
    """
    rows_of = np.array([-(-(len(body) + len(_ALL_ONES)) // _WIDTH) for body in bodies], int)
    last = np.cumsum(rows_of)
    padded = np.zeros((int(rows_of.sum()), _WIDTH), np.uint8)
    flat = padded.reshape(-1)
    for body, row in zip(bodies, last, strict=True):
        message = _ALL_ONES + body
        flat[row * _WIDTH - len(message) : row * _WIDTH] = np.frombuffer(message, np.uint8)
    table, places = _left_by_a_byte(), np.arange(_WIDTH) * 256
    of_rows = np.zeros(len(padded), np.uint32)
    for row in range(0, len(padded), _ROWS):
        found = table.reshape(-1).take(places + padded[row : row + _ROWS])
        of_rows[row : row + _ROWS] = np.bitwise_xor.reduce(found, axis=1)
    register = np.zeros(len(bodies), np.uint32)
    for number in range(int(rows_of.max(initial=0))):
        going = np.flatnonzero(rows_of > number)
        before = register[going].astype("<u4").view(np.uint8).reshape(-1, 4)  # as if it stood in the next four bytes
        taken_along = np.bitwise_xor.reduce(table[np.arange(4), before], axis=1)
        register[going] = taken_along ^ of_rows[last[going] - rows_of[going] + number]
    register = ~register
    return ((register >> np.uint32(15)) | (register << np.uint32(17))) + np.uint32(0xA282EAD8)


@functools.lru_cache(maxsize=1024)
def _checksum_of_length(length: bytes) -> int:
    return int(checksums([length])[0])


@functools.cache
def _left_by_a_byte() -> np.ndarray:
    """(row, 256): what each byte at each place of a row leaves at its end in a register of zeros."""
    one = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        one = np.where(one & 1, (one >> 1) ^ np.uint32(_POLYNOMIAL), one >> 1)
    left = [one]
    for _ in range(_WIDTH - 1):  # a zero more behind it
        left.append(one[left[-1] & 0xFF] ^ (left[-1] >> 8))
    return np.stack(left[::-1])
