"""Who said no, in the exports of other programs (rules, "Whoever said no")."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqctl.files.contacts.contacts import ContactRow, read_contacts

NO, BACK, BOTH, NONE = "opted_out", "bounced", "both", ""

# program, head, value, what it says
BY_HEAD = [
    ("Brevo", "EMAIL_BLACKLIST", "1", NO),
    ("Brevo", "EMAIL_BLACKLIST", "0", NONE),
    ("Brevo", "SMS_BLACKLIST", "1", NONE),
    ("Brevo", "Blocklisted", "yes", NO),
    ("Dynamics", "Do not allow Emails", "Do Not Allow", NO),
    ("Dynamics", "Do not allow Emails", "Allow", NONE),
    ("Dynamics", "Do not allow Bulk Emails", "Do Not Allow", NO),
    ("Dynamics", "donotemail", "True", NO),
    ("Dynamics", "Do not allow Phone Calls", "Do Not Allow", NONE),
    ("Dynamics", "Do not allow Mails", "Do Not Allow", NONE),
    ("Dynamics", "Do not send Marketing Materials", "Do Not Send", NO),
    ("Dynamics", "Do not send Marketing Materials", "Send", NONE),
    ("Dynamics in German", "E-Mails nicht zulassen", "Zulassen", NONE),
    ("Dynamics in German", "E-Mails nicht zulassen", "Nicht zulassen", NO),
    ("EspoCRM", "Email Address is Opted-Out", "1", NO),
    ("EspoCRM", "emailAddressIsOptedOut", "true", NO),
    ("EspoCRM", "emailAddressIsInvalid", "true", BACK),
    ("EspoCRM", "emailAddressIsInvalid", "false", NONE),
    ("Google", "E-mail 1 - Label", "unsubscribed", NONE),
    ("HubSpot", "Opted out of email: One to One", "X", NO),
    ("HubSpot", "Opted out of email: Customer Service Communication", "true", NO),
    ("HubSpot", "Opted out of email: One to One", "", NONE),
    ("HubSpot", "Unsubscribed from all email", "Yes", NO),
    ("HubSpot", "Invalid email address", "true", BACK),
    ("HubSpot", "Marketing emails bounced", "1", NONE),
    ("Mailchimp", "UNSUB_TIME", "2026-01-02 10:00:00", NO),
    ("Mailchimp", "UNSUB_REASON_OTHER", "too many", NO),
    ("Mailchimp", "CLEAN_TIME", "2026-01-02 10:00:00", BACK),
    ("Mailchimp", "CLEAN_CAMPAIGN_TITLE", "Spring", BACK),
    ("Odoo", "Blacklist", "True", NO),
    ("Odoo", "is_blacklisted", "TRUE", NO),
    ("Odoo", "message_bounce", "0", NONE),
    ("Outreach", "Email opted out", "true", NO),
    ("Salesforce", "Email Opt Out", "1", NO),
    ("Salesforce", "Do Not Call", "1", NONE),
    ("Salesforce", "Fax Opt Out", "1", NONE),
    ("Salesloft", "Do Not Contact", "true", NO),
    ("SuiteCRM", "Opted Out", "on", NO),
    ("SuiteCRM", "Invalid Email", "1", BACK),
    ("Zoho", "Email Opt Out", "true", NO),
    ("Zoho", "Unsubscribed Mode", "Consent form", NO),
    ("Voyado", "acceptsEmail", "false", NO),
    ("Voyado", "acceptsEmail", "true", NONE),
    ("Ghost", "subscribed_to_emails", "false", NO),
    ("any", "Unsubscribe link", "https://acme.test/u/1", NONE),
    ("any", "Unsubscribe URL", "https://acme.test/u/1", NONE),
    ("any", "Soft bounced", "yes", NONE),
    ("any", "Bounce type", "Soft bounce", NONE),
    ("any", "Bounce type", "Hard", BACK),
    ("any", "Opted out", "☑", NO),
    ("any", "Opted out", "[]", NONE),
    ("in French", "Désabonné", "oui", NO),
    ("in Swedish", "Avregistrerad", "ja", NO),
    ("in German", "Werbesperre", "nein", NONE),
    ("in German", "Kein Newsletter", "ja", NO),
    ("in German", "Keine E-Mails", "nein", NONE),
    ("in Dutch", "Niet mailen", "ja", NO),
    ("in Spanish", "No contactar", "sí", NO),
    ("Dynamics in French", "Ne pas autoriser les e-mails", "Ne pas autoriser", NO),
    ("Dynamics in French", "Ne pas autoriser les e-mails", "Autoriser", NONE),
    ("Dynamics in French", "Ne pas autoriser les appels", "Ne pas autoriser", NONE),
    ("HighLevel", "DND", "true", NO),
    ("any", "Blocked", "yes", NO),
    ("any", "Unsubscribe", "https://acme.test/u/1", NONE),
    ("any", "Unsubscribed", "0000-00-00 00:00:00", NONE),
    ("any", "Unsubscribe rate", "2%", NONE),
    ("any", "Opt out", "Has not opted out", NONE),
    ("any", "Opt out", "Subscribed to all", NONE),
    ("any", "Do not email", "Allow email", NONE),
    ("any", "Opt out", "Open to offers no more", NO),
    ("Salesforce", "HasOptedOutTracking", "true", NONE),
    ("Salesforce", "HasOptedOutSolicit", "true", NO),
    ("any", "Direct Mail Opt Out", "true", NONE),
    *(("any", "Opted out", no, NONE) for no in ("nan", "nil", "(blank)", "0.00", "0,00")),
    *(("a sheet", "Opted out", no, NONE) for no in ("FALSK", "HAMIS", "YANLIŞ", "NEPRAVDA")),
    *(("a sheet", "Opted out", no, NONE) for no in ("FAŁSZ", "ЛОЖЬ")),
]
BY_VALUE = [
    ("listmonk", "status", "blocklisted", NO),
    ("listmonk", "status", "enabled", NONE),
    ("listmonk", "subscription_status", "unsubscribed", NO),
    ("listmonk", "subscription_status", "unconfirmed", NONE),
    ("Mailchimp", "STATUS", "cleaned", BACK),
    ("Mailchimp", "status", "subscribed", NONE),
    ("Mailchimp", "Email marketing", "Unsubscribed", NO),
    ("Keila", "Status", "unsubscribed", NO),
    ("Keila", "Status", "unreachable", BACK),
    ("Keila", "Status", "active", NONE),
    ("Pipedrive", "Person - Marketing status", "unsubscribed", NO),
    ("Pipedrive", "Person - Marketing status", "no_consent", NONE),
    ("MailerLite", "Status", "Junk", NO),
    ("Keap", "emailOptStatus", "LIST_UNSUBSCRIBE", NO),
    ("Keap", "emailOptStatus", "HARD_BOUNCE", BACK),
    ("Keap", "emailOptStatus", "UNENGAGED_NON_MARKETABLE", NONE),
    ("Klaviyo", "Email Marketing Consent", "UNSUBSCRIBED", NO),
    ("Klaviyo", "Email Marketing Consent", "NEVER_SUBSCRIBED", NONE),
    ("Campaign Monitor", "State", "Bounced", BACK),
    ("any", "State", "Texas", NONE),
    ("Cordial", "channels.email.subscribeStatus", "unsubscribed", NO),
    ("Apollo", "Email status", "Bounced", BACK),
    ("Apollo", "Stage", "Do Not Contact", NO),
    ("any", "Email status", "unsubscribed; bounced", BOTH),
    ("any", "Email status", "Soft bounced", NONE),
    ("any", "Email status", "not unsubscribed", NONE),
    ("any", "Lead status", "Unreachable", NONE),
    ("any", "Lead status", "Invalid", NONE),
    ("any", "Lead status", "No email sent yet", NONE),
    ("any", "Lead status", "DO_NOT_CONTACT", NO),
    ("any", "Order status", "bounced", NONE),
    ("any", "Tags", "vip, unsubscribed", NO),
    ("any", "Tags", "spam filters", NONE),
    ("in German", "Status", "abgemeldet", NO),
    ("in Swedish", "Status", "Avregistrerad 2026-01-02", NO),
    ("in French", "Statut", "désinscrit", NO),
    ("Dynamics", "Consent", "Withdrawn", NO),
    ("any", "Application status", "Withdrawn", NONE),
    ("any", "Email preference", "Do not email", NO),
    ("Google", "Labels", "* myContacts ::: Unsubscribed", NO),
    ("Outlook", "Categories", "Unsubscribed", NO),
    ("Outlook", "Categories", "Cleaned carpets", NONE),
    ("any", "Identity verification", "invalid", NONE),
    ("ZeroBounce", "ZB Status", "abuse", NO),
    ("ZeroBounce", "ZB Status", "spamtrap", NO),
    ("Hunter", "Verification", "invalid", BACK),
    ("any", "Phone verification", "invalid", NONE),
    ("any", "Phone status", "invalid", NONE),
    ("any", "Mobile status", "unreachable", NONE),
    ("Klaviyo", "SMS Marketing Consent", "UNSUBSCRIBED", NONE),
    ("any", "WhatsApp status", "blocked", NONE),
    ("any", "SMS and email status", "unsubscribed", NO),
    ("any", "VAT status", "invalid", NONE),
    ("any", "Ticket status", "spam", NONE),
    ("Salesforce", "Mailing Street", "Blocked Road 1", NONE),
    ("Salesforce", "Mailing State/Province", "NO", NONE),
]


def said(folder: Path, head: str, value: str, **mapping: str) -> str:
    path = folder / "contacts.csv"
    path.write_text(f'email,"{head}"\na@x.test,"{value}"\n', encoding="utf-8")
    (row,) = read_contacts(path, mapping=mapping)
    assert isinstance(row, ContactRow)
    return {(0, 0): NONE, (1, 0): NO, (0, 1): BACK, (1, 1): BOTH}[row.opted_out, row.bounced]


@pytest.mark.parametrize(("program", "head", "value", "says"), [*BY_HEAD, *BY_VALUE])
def test_an_export(tmp_path: Path, program: str, head: str, value: str, says: str) -> None:
    assert said(tmp_path, head, value) == says, program


@pytest.mark.parametrize("flag", [NO, BACK])
@pytest.mark.parametrize("value", ["enabled", "subscribed", "Open deal", "", "new"])
def test_a_mapped_status_is_read(tmp_path: Path, flag: str, value: str) -> None:
    assert said(tmp_path, "status", value, status=flag) == NONE


@pytest.mark.parametrize("flag", [NO, BACK])
def test_a_mapped_status_says_what_it_says_or_what_it_is_mapped_to(
    tmp_path: Path, flag: str
) -> None:
    assert said(tmp_path, "status", "unsubscribed", status=flag) == NO
    assert said(tmp_path, "status", "bounced", status=flag) == BACK
    assert said(tmp_path, "status", "yes", status=flag) == flag


def test_a_column_mapped_to_a_status_is_one(tmp_path: Path) -> None:
    assert said(tmp_path, "Abo", "unsubscribed", Abo="status") == NO
    assert said(tmp_path, "Abo", "active", Abo="status") == NONE


def test_a_status_stays_a_property(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text("email,status\na@x.test,unsubscribed\nb@x.test,customer\n", encoding="utf-8")
    rows = [row for row in read_contacts(path) if isinstance(row, ContactRow)]
    assert [row.properties for row in rows] == [{"status": "unsubscribed"}, {"status": "customer"}]
