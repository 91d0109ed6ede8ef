"""Certificates for the tests, made by the program ``openssl``."""

from __future__ import annotations

import subprocess
from pathlib import Path


def self_signed(folder: Path, name: str = "server", password: str = "") -> tuple[Path, Path]:
    """A fresh certificate for 127.0.0.1 and localhost that signs itself, and its key, which may have a password."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    guarded = ["-passout", f"pass:{password}"] if password else ["-nodes"]
    made_with = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "1", *guarded]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    files = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run(["openssl", "req", *made_with, *names, *files], check=True, capture_output=True, timeout=60)
    return certificate, key
