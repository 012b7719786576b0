"""A database of an existing system, opened for reading alone: its address, its transactions, and what its errors mean.

An address is a URL of SQLAlchemy. What it holds in secret never comes into a message: neither does what a row says,
which errors of databases like to quote.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from psycopg.adapt import Loader
from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from throughline.errors import DatabaseRefused, DatabaseUnavailable, UsageError

TIMEOUT_SECONDS = 60.0
CONNECT_SECONDS = 10
# the driver that is used where the URL names none, and the package that has it
_DRIVERS = {
    "postgresql": ("psycopg", "psycopg[binary]"),
    "sqlite": ("pysqlite", ""),
    "mssql": ("pyodbc", "pyodbc"),
    "oracle": ("oracledb", "oracledb"),
    "mysql": ("pymysql", "pymysql"),
    "mariadb": ("pymysql", "pymysql"),
}
# classes of SQLSTATE whose messages name tables, columns and roles, and quote no value
_SAFE_STATES = ("08", "25", "28", "3D", "42", "53", "55", "57")
_STEPS_BETWEEN_LOOKS = 100_000
_CLOCK = "throughline clock"


class _AsText(Loader):
    """What PostgreSQL writes of a value, byte for byte; what is no UTF-8 is marked by lone surrogates."""

    def load(self, data: Any) -> str:
        return bytes(data).decode("utf-8", "surrogateescape")


class _Clock:
    """Says when SQLite has worked for too long on what it was asked for last."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.start()

    def start(self) -> None:
        self._until = time.monotonic() + self._seconds

    def is_over(self) -> bool:
        return time.monotonic() > self._until


class Database(AbstractContextManager["Database"]):
    """The database at `url`. Nothing is asked of it before the first transaction.

    Raises UsageError for a URL that is none, or whose driver is not installed.
    """

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout_seconds
        self._url = _url(url)
        self.dialect = self._url.get_backend_name()
        self._engine = self._made_engine()
        self._secrets = [self._url.password] if self._url.password else []

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that can read alone, of one state of the database throughout.

        Raises DatabaseUnavailable where the database does not answer or is busy, DatabaseRefused where it does not do
        what is asked.
        """
        try:
            with self._engine.connect() as connection, connection.begin():
                self._prepare(connection)
                yield connection
        except exc.SQLAlchemyError as error:
            raise self._error(error) from None  # the chain would carry parameters, and perhaps the password

    def _prepare(self, connection: Connection) -> None:
        if self.dialect == "postgresql":
            connection.execute(
                text(
                    "select set_config('statement_timeout', :millis, true), set_config('TimeZone', 'UTC', true), "
                    "set_config('DateStyle', 'ISO, YMD', true), set_config('IntervalStyle', 'iso_8601', true)"
                ),
                {"millis": str(int(self._timeout * 1000))},
            )
        elif self.dialect == "oracle":
            connection.execute(text("set transaction read only"))

    def _made_engine(self) -> Engine:
        settings: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}
        if self.dialect == "sqlite":
            path = self._url.database or ""
            if not Path(path).is_file():
                raise UsageError(
                    f"There is no SQLite database `{path}`.", hint="Write its path: sqlite:///folder/file.sqlite."
                )
            settings["creator"] = lambda: self._open_sqlite(Path(path))
        if self.dialect == "postgresql":
            settings["connect_args"] = {"connect_timeout": CONNECT_SECONDS, "client_encoding": "utf8"}
            settings["use_native_hstore"] = False
            settings["isolation_level"] = "REPEATABLE READ"
        try:
            engine = create_engine(self._url, **settings)
        except exc.NoSuchModuleError:
            known = ", ".join(sorted(_DRIVERS))
            raise UsageError(
                f"No database is of the kind `{self._url.drivername}`.", hint=f"Kinds that are known: {known}."
            ) from None
        except (ModuleNotFoundError, ImportError) as error:
            package = _DRIVERS.get(self.dialect, ("", error.name or ""))[1] or error.name
            raise UsageError(
                f"Reading {self.dialect} takes the package `{package}`, which is not installed.",
                hint=f"`pip install {package}` installs it.",
            ) from None
        if self.dialect == "postgresql":
            engine = engine.execution_options(postgresql_readonly=True)
            event.listen(engine, "before_cursor_execute", _ask_for_text)
        if self.dialect == "sqlite":
            event.listen(engine, "before_cursor_execute", lambda connection, *_: more_wanted(connection))
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("begin"))
        event.listen(engine, "connect", self._limit)
        return engine

    def _open_sqlite(self, path: Path) -> sqlite3.Connection:
        opened = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)
        opened.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        return opened

    def _limit(self, connection: Any, record: Any) -> None:
        """Limit what a statement may take, by the name that each driver has for it."""
        if self.dialect == "sqlite":
            record.info[_CLOCK] = clock = _Clock(self._timeout)
            connection.set_progress_handler(clock.is_over, _STEPS_BETWEEN_LOOKS)
        elif self.dialect == "mssql":
            connection.timeout = int(self._timeout)
        elif self.dialect == "oracle":
            connection.call_timeout = int(self._timeout * 1000)

    def _error(self, error: exc.SQLAlchemyError) -> DatabaseRefused | DatabaseUnavailable:
        cause = getattr(error, "orig", None)
        state = getattr(cause, "sqlstate", None)
        what = type(cause or error).__name__
        if isinstance(cause, sqlite3.Error):
            said = str(cause)
        elif state is not None and state[:2] in _SAFE_STATES:
            said = f"{getattr(getattr(cause, 'diag', None), 'message_primary', what)} ({state})"
        elif state is None and isinstance(error, exc.OperationalError) and self.dialect == "postgresql":
            said = " ".join(str(cause).split())
        else:
            said = f"{what} ({state})" if state else what
        said = self._scrubbed(said).rstrip(".")
        where = self._url.render_as_string(hide_password=True)
        where = where.partition("?")[0]
        if state == "57014" or "interrupted" in said:
            return DatabaseUnavailable(
                f"{where} did not answer within {self._timeout:g} s.",
                hint="Give it an index over the columns by which rows are read, or more time: --timeout.",
            )
        is_away = isinstance(error, exc.OperationalError | exc.InterfaceError) or (state or "")[:2] in (
            "08",
            "53",
            "57",
        )
        if is_away and "no such" not in said:
            return DatabaseUnavailable(
                f"{where} cannot be read: {said}.", hint="Nothing is lost: what was not read is read later."
            )
        return DatabaseRefused(
            f"{where} refuses what it is asked: {said}.",
            hint="Look at `database` of the mapping, and at what the user of this address may read.",
        )

    def _scrubbed(self, said: str) -> str:
        for secret in self._secrets:
            for written in (str(secret), quote(str(secret)), quote_plus(str(secret))):
                said = said.replace(written, "***")
        return said


def more_wanted(connection: Connection) -> None:
    """Let the limit of time begin anew, before more rows are asked of a statement: what is done with them is not its
    time. Servers count so by themselves."""
    clock = connection.info.get(_CLOCK)
    if clock is not None:
        clock.start()


def _url(written: str) -> URL:
    try:
        url = make_url(written.strip())
    except (exc.ArgumentError, ValueError):
        raise UsageError(
            "The address of the database is no URL.",
            hint="Write postgresql://USER:PASSWORD@HOST/NAME or sqlite:///FILE. It is not shown, for its password.",
        ) from None
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is not None and "+" not in url.drivername:
        url = url.set(drivername=f"{url.drivername}+{driver[0]}")
    return url


def has_secret(written: str) -> bool:
    """Whether an address says a password, or might: it does not belong on a command line."""
    url = _url(written)
    return url.password is not None or any("pass" in name.lower() or "pwd" in name.lower() for name in url.query)


def _ask_for_text(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    """Have the values of a query that says so as PostgreSQL writes them: of `infinity` Python has no date."""
    if context is not None and context.execution_options.get("as_text"):
        for info in connection.connection.driver_connection.adapters.types:  # type: ignore[union-attr]
            cursor.adapters.register_loader(info.oid, _AsText)
            cursor.adapters.register_loader(info.array_oid, _AsText)
        cursor.adapters.register_loader(0, _AsText)
