"""The chain of access records: the hashes that bind it, and what does not fit. Pure.

The function record_access of the database computes the same hashes when it writes.
"""

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.errors import BadInput

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RECORD_BYTES = 16
_START = bytes(32)


class Head(NamedTuple):
    """A batch's number and hash: who has noted it can tell whether all up to it is as it was."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """A head as it was printed; `BadInput` when it is none."""
        number, _, digest = text.strip().partition(":")
        try:
            head = cls(int(number), bytes.fromhex(digest))
        except ValueError:
            head = cls(-1, b"")
        if head.seq < 0 or len(head.hash) != len(_START):
            raise BadInput("expected a head as `allowances audit verify` prints it: NUMBER:HASH.")
        return head


@dataclass(frozen=True, slots=True)
class AccessBatch:
    """What one request of an agency left, as the database holds it."""

    seq: int
    at: datetime
    agency: str
    purpose: str
    operation: str
    operation_hash: bytes
    record_hashes: bytes
    previous_hash: bytes
    hash: bytes

    def hash_of_content(self) -> bytes:
        """The hash that its content gives; another than `hash` where it was altered."""
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        texts = (self.agency, self.purpose, self.operation)
        return hashlib.sha256(
            self.previous_hash
            + struct.pack(">qq", self.seq, microseconds)
            + b"".join(map(_text, texts))
            + self.operation_hash
            + self.record_hashes
        ).digest()

    def written(self) -> set[bytes]:
        """The hashes of its records as they were written."""
        whole = self.record_hashes
        return {whole[i : i + _RECORD_BYTES] for i in range(0, len(whole), _RECORD_BYTES)}


def record_hash(citizen_id: UUID, categories: Sequence[str]) -> bytes:
    """The hash of one citizen's record (16 bytes)."""
    content = citizen_id.bytes + ",".join(categories).encode()
    return hashlib.sha256(content).digest()[:_RECORD_BYTES]


def _text(words: str) -> bytes:
    encoded = words.encode()
    return struct.pack(">i", len(encoded)) + encoded


class ChainCheck:
    """Takes the batches in order, and says what does not fit, each in a sentence."""

    def __init__(self, expected: Head | None = None) -> None:
        self.head = Head(0, _START)
        self._expected = expected

    def batch(self, batch: AccessBatch, records: Mapping[UUID, Sequence[str]]) -> Iterator[str]:
        """What is wrong with the next batch, given the records that are there of it."""
        yield from self._place(batch)
        if batch.hash_of_content() != batch.hash:
            yield f"Batch {batch.seq} was altered: its hash is not that of its content."
        yield from _records(batch, records)
        self.head = Head(batch.seq, batch.hash)
        if self._expected and self._expected.seq == batch.seq and self._expected != self.head:
            yield f"Batch {batch.seq} is not the one that was noted: all up to it may be forged."

    def end(self) -> Iterator[str]:
        """What is missing after the last batch, as far as the expected head tells."""
        if self._expected and self._expected.seq > self.head.seq:
            yield _missing(self.head.seq + 1, self._expected.seq)

    def _place(self, batch: AccessBatch) -> Iterator[str]:
        if batch.seq > self.head.seq + 1:
            yield _missing(self.head.seq + 1, batch.seq - 1)
        elif batch.previous_hash != self.head.hash:
            before = f"batch {self.head.seq}" if self.head.seq else "the start"
            yield f"Batch {batch.seq} does not follow {before}: one of the two was replaced."


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"Batch {first} is missing."
    return f"Batches {first} to {last} are missing."


def _records(batch: AccessBatch, records: Mapping[UUID, Sequence[str]]) -> Iterator[str]:
    written = batch.written()
    for citizen_id, categories in records.items():
        if record_hash(citizen_id, categories) not in written:
            yield f"The record of citizen {citizen_id} in batch {batch.seq} was altered or added."
    missing = len(written) - len(records)
    if missing > 0:
        yield f"{missing} of the {len(written)} records of batch {batch.seq} are missing."
