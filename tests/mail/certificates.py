"""A certificate authority of the tests' own, made with `openssl` in a folder."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

EPOCH = "19700101000000Z"


class Certificate(NamedTuple):
    """The files of a certificate and its key, in PEM."""

    cert: Path
    key: Path


class Authority:
    """Makes certificates that only `ca_file` vouches for; an old one says no `key_usage`."""

    def __init__(self, folder: Path, *, key_usage: bool = True) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._own = self.self_signed(
            "authority", "Authority of the tests", authority=True, key_usage=key_usage
        )
        self.ca_file = self._own.cert

    def signed_before(self, name: str) -> Certificate:
        """One that was made earlier."""
        return Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")

    def self_signed(
        self, name: str, subject: str, *, authority: bool = False, key_usage: bool = True
    ) -> Certificate:
        """A certificate that vouches for itself."""
        made = self.signed_before(name)
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "30", "-subj", f"/CN={subject}", "-keyout", made.key, "-out", made.cert),
            *("-addext", f"basicConstraints=critical,CA:{str(authority).upper()}"),
            *(
                ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
                if authority and key_usage
                else ()
            ),
            *(() if authority else ("-addext", f"subjectAltName=DNS:{subject}")),
        )
        return made

    def signed(self, name: str, hosts: str, *, expired: bool = False) -> Certificate:
        """A certificate for hosts such as `DNS:localhost,IP:127.0.0.1`."""
        made = self.signed_before(name)
        request, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extensions.write_text(
            f"subjectAltName={hosts}\nbasicConstraints=critical,CA:FALSE\n"
            "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
            "authorityKeyIdentifier=keyid\n"
        )
        _openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", f"/CN={name}", "-keyout", made.key, "-out", request),
        )
        # A negative lifetime is the way of `openssl x509` to a certificate that has run out.
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self._own.cert, "-CAkey", self._own.key),
            *("-days", "-1" if expired else "30", "-extfile", extensions, "-out", made.cert),
            *("-set_serial", str(int.from_bytes(name.encode(), "big"))),
        )
        return made


def _openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
