"""Every error that Throughline raises on purpose: what happened, where, and what to do next.

Two kinds matter to a driver. A `DataError` belongs to one record or file and never stops its neighbours. An
`InfrastructureError` (disk, lock, damaged store) stops the process or is retried: nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class ThroughlineError(Exception):
    """A fault with a sentence that says what happened and, after a blank line, what to do next.

    `exit_code` is the command's: 1 for a fault in what was given, 2 for a wrong call, 70 for a fault in the machinery
    (as in sysexits.h).
    """

    exit_code = 1

    def __init__(self, what: str, *, hint: str = "") -> None:
        self.what = what
        self.hint = hint
        super().__init__(f"{what}\n\n{hint}" if hint else what)


class UsageError(ThroughlineError):
    """The command or function was called with arguments that cannot work."""

    exit_code = 2


class DataError(ThroughlineError):
    """Something that was given to read is wrong: file, line and field say where.

    `line` counts from 1; `field` is a dotted path; either may be unknown.
    """

    def __init__(
        self,
        what: str,
        *,
        file: Path | str | None = None,
        line: int | None = None,
        field: str | None = None,
        hint: str = "",
    ) -> None:
        self.file = None if file is None else str(file)
        self.line = line
        self.field = field
        where = "" if self.file is None else self.file + ("" if line is None else f":{line}") + ": "
        named = "" if field is None else f"`{field}`: "
        super().__init__(f"{where}{named}{what}", hint=hint)


class DomainError(DataError):
    """A domain directory (catalogue, standards, identifiers) does not hold together."""


class MappingError(DataError):
    """A mapping file does not hold together, or does not fit the file that it is to map."""


class AccessError(DataError):
    """The file that says who may see what does not hold together, or names a secret that cannot be read."""


class BrokerSettingsError(DataError):
    """The file that says how to reach the broker does not hold together, or names a secret that cannot be used."""


class BoardExposed(UsageError):
    """The board was told to listen beyond this machine, and nothing says who may come in."""


class IngestExposed(UsageError):
    """The way in over HTTP was told to listen beyond this machine, and nothing keeps secret what is sent there."""


class CodecError(DataError):
    """Bytes are not the Avro, Parquet or CloudEvents form that they claim to be."""


class InfrastructureError(ThroughlineError):
    """The machinery failed: retry, or stop; never go on as if nothing had happened."""

    exit_code = 70


class StoreError(InfrastructureError):
    """The DuckDB store cannot be opened, read or written."""


class StoreMissing(StoreError):
    """No store can be where it was said to be: a fault in what was given, which trying again will not mend."""

    exit_code = 1


class StoreLocked(StoreError):
    """Another process writes this store."""


class StoreDamaged(StoreError):
    """The store, or its write-ahead log, is damaged or went backwards."""


class StoreTooNew(StoreError):
    """The store was written by a newer version of Throughline."""


class OutboxError(InfrastructureError):
    """The outbox of a publisher cannot be opened, read or written."""


class OutboxLocked(OutboxError):
    """Another process uses this outbox."""


class OutboxFull(OutboxError):
    """There is no room for more: the disk, or the limit of records that wait."""


class OutboxDamaged(OutboxError):
    """The outbox's file is damaged, or is not an outbox."""


class DatabaseUnavailable(InfrastructureError):
    """A database that is read does not answer, or not in time."""


class DatabaseRefused(ThroughlineError):
    """A database that is read answered, and refused: a table is not there, or may not be read."""


class BrokerUnavailable(InfrastructureError):
    """No Kafka broker answers: it is down, or it is not where it was said to be."""


class BrokerRefused(InfrastructureError):
    """The broker answered, and refused: `topic` and the broker's own `reason` say what."""

    def __init__(self, what: str, *, topic: str | None = None, reason: str = "", hint: str = "") -> None:
        self.topic = topic
        self.reason = reason
        super().__init__(what, hint=hint)


class CredentialRefused(BrokerRefused):
    """The broker, or who gives tokens for it, does not let this user or certificate in."""


class CertificateRefused(BrokerRefused):
    """The broker shows a certificate that is not to be trusted: nothing was said to it."""


class ProtocolMismatch(BrokerRefused):
    """The broker speaks at this address, but otherwise than the settings say: with or without TLS or a password."""


class TopicMismatch(InfrastructureError):
    """A topic is missing, or is not kept as the domain says."""


class SharedLogError(InfrastructureError):
    """A shared topic holds something that cannot be taken, or has lost something that was still to be taken."""


class BrokerError(InfrastructureError):
    """A broker that we started ourselves does not start, or has stopped."""


class BrokerToolMissing(BrokerError):
    """Java or Maven, which a broker on this machine needs, is missing or too old."""


class PartFailed(InfrastructureError):
    """A process of the local stack stopped by itself."""


class AccessRefused(ThroughlineError):
    """Somebody was not let in, or not further: `status` is that of HTTP, `code` one word for the log."""

    def __init__(self, what: str, *, code: str, status: int = 403, hint: str = "") -> None:
        self.code = code
        self.status = status
        super().__init__(what, hint=hint)


class RequestRefused(ThroughlineError):
    """A request over HTTP is not taken: `status` is that of HTTP, `code` one word, `headers` go with the answer."""

    def __init__(
        self, what: str, *, code: str, status: int, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        self.code = code
        self.status = status
        self.headers = dict(headers or {})
        super().__init__(what, hint=hint)


class ReceiptsError(InfrastructureError):
    """The receipts of what was posted cannot be written or read."""


class LooksError(InfrastructureError):
    """The record of who looked at a case cannot be written or read, or lines are missing from it."""


class QueryError(ThroughlineError):
    """A query was refused or failed."""
