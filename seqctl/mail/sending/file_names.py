"""The name of an attached file, as any system can keep it, and what kind of file it tells."""

from __future__ import annotations

import re

from seqctl.mail.sending.headers import cleaned

# What Windows refuses, and what turns the direction of writing ("exe.pdf").
_UNSAFE = re.compile('[:*?"<>|\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]')
_EDGES = re.compile(r"\A[\s.]+|[\s.]+\Z")
_LONGEST = 70

# Python's own table depends on the machine's; the same mail must be the same bytes everywhere.
_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
_TYPES = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "gif": "image/gif",
    "htm": "text/html",
    "html": "text/html",
    "ics": "text/calendar",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "odp": f"{_OPEN}.presentation",
    "ods": f"{_OPEN}.spreadsheet",
    "odt": f"{_OPEN}.text",
    "pdf": "application/pdf",
    "png": "image/png",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "rtf": "application/rtf",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "vcf": "text/vcard",
    "webp": "image/webp",
    "xls": "application/vnd.ms-excel",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "zip": "application/zip",
}


def safe_name(name: str) -> str:
    """A file name without folders, control characters and other signs that some system refuses.

    Of a name over 70 characters the end is kept, and with it the extension.
    """
    last = cleaned(name).replace("\\", "/").rpartition("/")[2]
    return _EDGES.sub("", _UNSAFE.sub("_", last)[-_LONGEST:]) or "attachment"


def media_type(name: str) -> str:
    """The media type of a file by its extension, or `application/octet-stream`."""
    _, dot, extension = safe_name(name).rpartition(".")
    return _TYPES.get(extension.lower() if dot else "", "application/octet-stream")


def disposition(name: str) -> str:
    """The header that says that a part is a file of this name (RFC 2183; RFC 2231 beyond ASCII)."""
    from urllib.parse import quote

    name = safe_name(name)
    told = f'filename="{name}"' if name.isascii() else f"filename*=utf-8''{quote(name, safe='')}"
    return f"Content-Disposition: attachment;\r\n {told}"
