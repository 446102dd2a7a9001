"""Who may see, use, write to and end what (rules, "Access" and "Sharing")."""

from __future__ import annotations

from seqctl.domain.model import Contact, Sequence, User


def may_use(user: User, sequence: Sequence) -> bool:
    """Whether the user sees the sequence and may enroll in it."""
    sharing = sequence.sharing
    return (
        sequence.owner_id == user.id
        or sharing.everyone
        or user.name in sharing.users
        or not user.teams.isdisjoint(sharing.teams)
    )


def may_communicate(user: User, contact: Contact) -> bool:
    """Whether the user may write to the contact, pause it and unenroll it."""
    if contact.access == "everyone" or contact.owner_id in (None, user.id):
        return True
    return contact.access == "team" and not user.teams.isdisjoint(contact.owner_teams)
