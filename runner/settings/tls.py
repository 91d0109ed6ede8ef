"""The server's certificate and its key: named in ``[server]``, tried here, so that a wrong one is a fault at once."""

from __future__ import annotations

import ssl
from pathlib import Path

from runner.settings.table import Table, place


def read_pair(table: Table) -> tuple[Path, Path] | None:
    """``certificate`` and ``key``, absolute; None if the server speaks no TLS, or a fault is noted."""
    certificate = _readable(table, "certificate", table.take("certificate", None, _parse_file))
    key = _readable(table, "key", table.take("key", None, _parse_file))
    for name, other in (("certificate", "key"), ("key", "certificate")):
        if name not in table and other in table:
            table.fault(name, f"is missing; {other} is of no use without it")
    if certificate is None or key is None:
        return None
    return (certificate, key) if _can_serve(table, certificate, key) else None


def _parse_file(value: object) -> Path | None:
    return Path.cwd() / place(value)


def _readable(table: Table, key: str, path: Path | None) -> Path | None:
    """The file, if it can be read; None if there is none, or a fault is noted."""
    if path is None:
        return None
    try:
        path.open("rb").close()
    except OSError as error:
        table.fault(key, f"cannot be read: {error.strerror}")
        return None
    return path


def _can_serve(table: Table, certificate: Path, key: Path) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # An empty password: without one, OpenSSL would ask for it on the terminal.
        context.load_cert_chain(certificate, key, password="")  # nosec B106 # no secret
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            table.fault("key", "does not belong to the certificate")
        else:
            table.fault("certificate", "cannot be used with key: both must be PEM, and the key without a password")
        return False
    return True
