"""What the private Postfix and Dovecot of `servers` are told in their configuration files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

DOMAIN = "seq.test"
# The server itself keeps a copy of what `keeper` sends in its Sent, as Gmail and others do.
KEEPER = "keeper"
USERS = ("rep", "rep2", KEEPER, *(f"lead{number}" for number in range(1, 201)))
# The submission server refuses these itself; anybody else at seq.test is taken, and bounces later.
REFUSED_AT_RCPT = f"refused@{DOMAIN}"
GREYLISTED = f"greylisted@{DOMAIN}"


class Ports(NamedTuple):
    """Where the servers listen on 127.0.0.1."""

    imap: int
    imaps: int
    lmtp: int
    auth: int
    submission: int
    smtps: int


def dovecot_conf(place: Path, ports: Ports) -> str:
    """`dovecot.conf`: IMAP, LMTP for Postfix, and logins for it; by password or signed token."""
    ca = place.parent / "ca"
    return f"""
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <{ca}/localhost.pem
ssl_key = <{ca}/localhost.key
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
mail_location = maildir:{place}/mail/%n
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
mail_max_userip_connections = 100
mail_fsync = never
postmaster_address = postmaster@{DOMAIN}
submission_host = 127.0.0.1:1
recipient_delimiter = +
lmtp_save_to_detail_mailbox = yes
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {place}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {place}/oauth2.conf
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {place}/users
  override_fields = uid=mail gid=mail home={place}/mail/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
}}
service imap-login {{
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {ports.imap}
  }}
  inet_listener imaps {{
    port = {ports.imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {ports.lmtp}
  }}
}}
service auth {{
  inet_listener {{
    port = {ports.auth}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0  # a wrong password must not slow the next test down
  }}
}}
service stats {{
  chroot =
}}
"""


def main_cf(place: Path, ports: Ports) -> str:
    """`main.cf`: submission after a login over TLS, delivery to Dovecot, and to nobody else."""
    ca = place.parent / "ca"
    return f"""
compatibility_level = 3.6
queue_directory = {place}/spool
data_directory = {place}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {place}/postfix.log
maillog_file_prefixes = {place}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.{DOMAIN}
mydestination =
mynetworks =
alias_maps =
alias_database =
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_peername_lookup = no
in_flow_delay = 0
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
notify_classes =
bounce_queue_lifetime = 1h

virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_maps = static:anybody
virtual_transport = lmtp:inet:127.0.0.1:{ports.lmtp}
default_transport = error:5.1.2 nothing leaves the machine
relay_transport = error:5.1.2 nothing leaves the machine

smtpd_tls_cert_file = {ca}/localhost.pem
smtpd_tls_key_file = {ca}/localhost.key
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{ports.auth}
smtpd_sender_login_maps = inline:{{ {_sender_logins()} }}
sender_bcc_maps = inline:{{ {{ {KEEPER}@{DOMAIN} = {KEEPER}+Sent@{DOMAIN} }} }}
smtpd_sender_restrictions = reject_sender_login_mismatch
smtpd_recipient_restrictions =
  check_recipient_access inline:{{
    {{ {REFUSED_AT_RCPT} = 550 5.1.1 nobody of this name }},
    {{ {GREYLISTED} = 450 4.2.0 come back later }} }}
  permit_sasl_authenticated
  reject
message_size_limit = 4000000
"""


def _sender_logins() -> str:
    return ", ".join(f"{{ {user}@{DOMAIN} = {user}@{DOMAIN} }}" for user in USERS)


def master_cf(ports: Ports) -> str:
    """The services of a server that takes submissions and delivers by LMTP; none in a chroot."""
    inet = [
        f"127.0.0.1:{ports.submission} inet n - n - - smtpd",
        f"127.0.0.1:{ports.smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes",
    ]
    unix = {
        "rewrite": "trivial-rewrite",
        **{name: name for name in ("verify", "proxymap", "lmtp", "smtp", "anvil", "scache")},
        **{name: name for name in ("error", "discard")},
        "retry": "error",
        "relay": "smtp",
    }
    single = {"verify", "anvil", "scache"}
    return "\n".join(
        [
            *inet,
            "cleanup unix n - n - 0 cleanup",
            *(f"{name} unix - - n - 0 bounce" for name in ("bounce", "defer", "trace")),
            "qmgr unix n - n 300 1 qmgr",
            "tlsmgr unix - - n 1000? 1 tlsmgr",
            "flush unix n - n 1000? 0 flush",
            "showq unix n - n - - showq",
            "postlog unix-dgram n - n - 1 postlogd",
            *(f"{n} unix - - n - {1 if n in single else '-'} {c}" for n, c in unix.items()),
            "",
        ]
    )
