"""What the folder of sent mail is called where nothing marks it (RFC 6154 does, on most servers)."""

from __future__ import annotations

from collections.abc import Iterable

_NAMES = (
    *("Sent", "Sent Items", "Sent Mail", "Sent Messages", "Sent-Mail", "Outbox.Sent"),
    *(
        "Skickat",
        "Skickade objekt",
        "Skickade",
        "Gesendet",
        "Gesendete Objekte",
        "Gesendete Elemente",
    ),
    *("Envoyés", "Messages envoyés", "Éléments envoyés", "Enviados", "Elementos enviados"),
    *("Itens enviados", "Posta inviata", "Inviata", "Inviati", "Verzonden", "Verzonden items"),
    *("Sendt", "Sendte elementer", "Sendt post", "Lähetetyt", "Wysłane", "Elementy wysłane"),
    *("Odeslané", "Odeslaná pošta", "Elküldött", "Trimise", "Отправленные", "Надіслані"),
    *("Gönderilmiş Öğeler", "送信済み", "送信済みアイテム", "已发送", "已发送邮件", "보낸편지함"),
)
_RANK = {name.casefold(): rank for rank, name in reversed(list(enumerate(_NAMES)))}


def sent_among(names: Iterable[str], delimiters: str = "/.") -> str | None:
    """The likeliest of these folder names: `Sent` before `INBOX.Sent` before `Sent Items` …"""
    ranked = [(*rank, name) for name in names if (rank := _rank(name, delimiters)) is not None]
    return min(ranked)[-1] if ranked else None


def _rank(name: str, delimiters: str) -> tuple[int, int] | None:
    """How likely it is: by its last part, then by how deep it lies. None: it isn't."""
    parts = [part for part in _split(name, delimiters) if part]
    usual = _RANK.get(parts[-1].casefold()) if parts else None
    nested = len(parts) > 1 and parts[0].casefold() not in {"inbox", "[gmail]", "[google mail]"}
    return None if usual is None or nested else (usual, len(parts))


def _split(name: str, delimiters: str) -> list[str]:
    for delimiter in delimiters[1:]:
        name = name.replace(delimiter, delimiters[0])
    return name.split(delimiters[0]) if delimiters else [name]
