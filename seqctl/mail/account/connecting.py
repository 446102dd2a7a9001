"""Connections to mail servers: always verified TLS, and a sentence for whatever goes wrong."""

from __future__ import annotations

import os
import shlex
import socket
import ssl
from typing import NamedTuple

from seqctl.domain.sending.accounts import Server
from seqctl.ports.mail import AccountRefused, Unreachable

_LARGEST_CA_FILE = 1_000_000  # bytes; all authorities of the world take a quarter of it


class Patience(NamedTuple):
    """How many seconds a server may take to be connected, and for each answer."""

    connect: float = 15.0
    reply: float = 60.0


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """TLS 1.2 or later, host names checked; vouched for by `ca_file` alone if it is given.

    Raises AccountRefused if that file is no certificate.
    """
    try:
        if ca_file is not None and os.stat(ca_file).st_size > _LARGEST_CA_FILE:
            raise ValueError(ca_file)
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError) as error:
        why = (
            error.strerror if type(error) is not ssl.SSLError and isinstance(error, OSError) else ""
        )
        raise AccountRefused(
            f"The file {ca_file} can't be used as the certificate of an authority:"
            f" {why or 'it holds no certificate in PEM'}.",
            f"openssl x509 -noout -subject -in {shlex.quote(str(ca_file))}",
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def connect(server: Server, seconds: float) -> socket.socket:
    """A connection without TLS yet. Raises Unreachable."""
    try:
        made = socket.create_connection((server.host, server.port), seconds)
    except (OSError, UnicodeError) as error:
        raise unreachable(server, error) from None
    # The final dot is a small write after the body: Nagle's algorithm would hold it for 40 ms.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def secure(plain: socket.socket, context: ssl.SSLContext, server: Server) -> ssl.SSLSocket:
    """TLS over this connection, which is closed if that fails. Raises AccountRefused, Unreachable."""
    try:
        return context.wrap_socket(plain, server_hostname=server.host)
    except (OSError, ValueError) as error:
        plain.close()
        raise trouble(server, error) from None


def trouble(server: Server, error: Exception) -> AccountRefused | Unreachable:
    """What to raise for an error of a connection, TLS or not."""
    hung_up = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
    if isinstance(error, ssl.SSLError) and not isinstance(error, hung_up):
        return _untrusted(server, error)
    return unreachable(server, error)


def unreachable(server: Server, error: Exception) -> Unreachable:
    """The sentence for a connection that could not be made, or broke."""
    place = f"{server.host}:{server.port}"
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return Unreachable(
            f"The host {server.host} has no address: is its name right, and the network up?"
        )
    if isinstance(error, TimeoutError):
        return Unreachable(f"{place} did not answer in time.")
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(f"{place} takes no connections: is the port right?")
    if isinstance(error, (ConnectionError, ssl.SSLError)):
        return Unreachable(f"{place} hung up.")
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Unreachable(f"{place} can't be reached: {why}.")


def _untrusted(server: Server, error: ssl.SSLError) -> AccountRefused:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _bad_certificate(server, error)
    place = f"{server.host}:{server.port}"
    reason = error.reason or "unknown reason"
    if reason in {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"}:
        return AccountRefused(
            f"{place} offers no TLS 1.2 or later.", "Ask who runs the server to allow TLS 1.2."
        )
    if reason in {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "UNKNOWN_PROTOCOL",
        "RECORD_LAYER_FAILURE",
    }:
        return AccountRefused(
            f"{place} answers the beginning of TLS with something else.",
            "smtps:// and imaps:// are for ports that begin with TLS (465, 993);"
            " smtp:// and imap:// for those that begin with STARTTLS (587, 143).",
        )
    words = reason.replace("_", " ").lower()
    return AccountRefused(f"No TLS connection with {place} came about: {words}.", _look(server))


# X509_V_ERR_… of OpenSSL's x509_vfy.h
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21, 24, 27})
_OTHER_NAME = frozenset({62, 63, 64})
# What RFC 5280 asks of a certificate and Python holds it to from 3.13 on (VERIFY_X509_STRICT).
_TOO_LITTLE_SAID = frozenset(range(79, 95))


def _bad_certificate(server: Server, error: ssl.SSLCertVerificationError) -> AccountRefused:
    the_certificate = f"The certificate of {server.host}:{server.port}"
    if error.verify_code in _OTHER_NAME:
        return AccountRefused(
            f"{the_certificate} is made out to another name than {server.host}.", _look(server)
        )
    if error.verify_code in _UNKNOWN_AUTHORITY:
        return AccountRefused(
            f"{the_certificate} is vouched for by no authority that is known here"
            f" ({error.verify_message}).",
            "If that authority is your own, name its certificate: --ca-file FILE.",
        )
    if error.verify_code == _EXPIRED:
        return AccountRefused(
            f"{the_certificate} has expired.", "Ask who runs the server to renew it."
        )
    if error.verify_code == _NOT_YET_VALID:
        return AccountRefused(
            f"{the_certificate} is not valid yet.", "Is the clock of this machine right? date -u"
        )
    if error.verify_code in _TOO_LITTLE_SAID:
        return AccountRefused(
            f"{the_certificate}, or that of its authority, breaks a rule of RFC 5280"
            f" that Python keeps from 3.13 on: {error.verify_message}.",
            "Ask who made it to make it anew, with basic constraints, key usage and key identifiers.",
        )
    return AccountRefused(
        f"{the_certificate} can't be trusted: {error.verify_message}.", _look(server)
    )


def _look(server: Server) -> str:
    """The command that shows a server's certificate."""
    protocol = "" if server.tls else f" -starttls {'imap' if server.port == 143 else 'smtp'}"
    place = shlex.quote(f"{server.host}:{server.port}")
    return f"Look at it: openssl s_client -connect {place}{protocol}"
