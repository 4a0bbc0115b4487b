"""All settings, in one table. Values come from ``FUSIONCELL_*`` variables, else ``fusioncell.toml``, else here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from fusioncell.kernel.errors import BadInput


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in ``fusioncell.toml``, default, meaning and unit."""

    name: str
    default: str
    meaning: str

    @property
    def is_secret(self) -> bool:
        """Tell whether its value is never printed."""
        return self.name in SECRETS

    @property
    def env(self) -> str:
        """The environment variable that sets it."""
        return "FUSIONCELL_" + self.name.upper()


SECRETS = frozenset({"key", "smtp_password", "oidc_client_secret", "officer_passphrase", "feed_secret"})

SETTINGS = (
    Setting("data", "data", "Folder that holds the databases, keys and quarantine."),
    Setting("http_listen", "127.0.0.1:8080", "Address and port of the web pages and the API."),
    Setting("dns_listen", "127.0.0.1:5353", "Address and port of the RPZ primary (UDP and TCP)."),
    Setting("resolver", "", "Resolver that looks proofs of domains up: host:port; empty: the machine's own."),
    Setting("dns_notify", "", "Resolvers that are told of zone changes: host:port, comma-separated."),
    Setting("dns_tls_listen", "", "Address and port of zone transfers by TLS (XoT), 0.0.0.0:853; empty: none."),
    Setting("dns_tls_certificate", "", "PEM file of the certificate (with its chain) that is shown there."),
    Setting("dns_tls_key", "", "PEM file of that certificate's key."),
    Setting("dns_tls_clients", "", "PEM file of who issues subscribers' certificates; empty: none is asked for."),
    Setting("database_url", "", "postgresql://… to use PostgreSQL; empty for the embedded SQLite files."),
    Setting("public_url", "", "Address under which members reach the hub, for links; https makes cookies secure."),
    Setting("security_contact", "", "Where weaknesses are reported (addresses, URLs), for /.well-known/security.txt."),
    Setting("trusted_proxies", "127.0.0.1,::1",
            "Proxies whose X-Forwarded-For tells a visitor's address: addresses and networks, comma-separated."),
    Setting("max_body_mb", "64", "Largest body that a contribution may have, in MiB."),
    Setting("max_files_mb", "2048", "What the files of one organisation's posts may have together, in MiB."),
    Setting("max_subscribers", "2000", "Most live streams open at once."),
    Setting("session_hours", "12", "Hours after which a session ends; an idle one ends after one hour."),
    Setting("idle_days", "180", "Days after which the holder of an unused account is told that it is idle."),
    Setting("grace_days", "30", "Days from that notice until the account is removed, unless it is used."),
    Setting("application_days", "180", "Days for which an application that came to nothing is kept."),
    Setting("smtp_host", "", "Mail server for the hub's mail; empty: mail waits in the outbox, and /ops says so."),
    Setting("smtp_port", "587", "Port of the mail server: 587 with starttls, 465 with tls."),
    Setting("smtp_user", "", "Name under which the hub signs in at the mail server; empty: it does not sign in."),
    Setting("smtp_password", "", "Password for that name; better in the environment than in a file."),
    Setting("smtp_from", "fusion-cell@localhost", "Address that the hub's mail comes from: hub@cell.example."),
    Setting("smtp_tls", "starttls", "starttls, tls, or none (only for a mail server on this very machine)."),
    Setting("oidc_issuer", "", "Issuer (https://…) of an identity provider by which members may sign in; empty: none."),
    Setting("oidc_client_id", "", "The hub's client id at that provider."),
    Setting("oidc_client_secret", "", "Its secret there; empty for a public client. Better in the environment."),
    Setting("oidc_name", "your organisation's account", "What the sign-in page calls that provider."),
    Setting("oidc_match_email", "no", "yes: a first sign-in there is taken for the member with the verified address."),
    Setting("webhook_allow", "", "Hosts that webhooks may call inside and without TLS, comma-separated; for tests."),
    Setting("misp_site_admin", "", "1: MISP's role 1 sees all through /misp: for PyMISP's own suite alone; audited."),
    Setting("feed_allow", "", "Hosts inside from which feeds may be pulled, comma-separated; else none is."),
    Setting("log_origin", "", "Name of the transparency log, fixed by its first checkpoint; empty: by public_url."),
    Setting("log_witnesses", "", "Keys of witnesses of the transparency log, comma-separated: name+id+key."),
    Setting("log_witness_urls", "", "Where witnesses are asked for cosignatures: name=https://…, comma-separated."),
    Setting("log_level", "info", "debug, info, warning or error."),
    Setting("hub", "", "Address of another machine's hub, for commands; empty: the hub in the folder `data`."),
    Setting("key", "", "API key with which commands ask that hub; better in the environment than in a file."),
    Setting("feed_secret", "", "Credentials of a feed that a command adds; better here than on a command line."),
    Setting("officer_passphrase", "", "Passphrase of an officer's key, for scripts; else it is asked for."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force."""

    data: str
    http_listen: str
    dns_listen: str
    resolver: str
    dns_notify: str
    dns_tls_listen: str
    dns_tls_certificate: str
    dns_tls_key: str
    dns_tls_clients: str
    database_url: str
    public_url: str
    security_contact: str
    trusted_proxies: str
    max_body_mb: int
    max_files_mb: int
    max_subscribers: int
    session_hours: int
    idle_days: int
    grace_days: int
    application_days: int
    smtp_host: str
    smtp_port: int
    smtp_user: str
    smtp_password: str
    smtp_from: str
    smtp_tls: str
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_name: str
    oidc_match_email: str
    webhook_allow: str
    feed_allow: str
    misp_site_admin: str
    log_origin: str
    log_witnesses: str
    log_witness_urls: str
    log_level: str
    hub: str
    key: str
    feed_secret: str
    officer_passphrase: str

    @classmethod
    def read(cls, environment: Mapping[str, str], file: Mapping[str, object], **given: str | None) -> Settings:
        """Join what was given on the command line, the environment and the file, in that order.

        Raises BadInput for an unknown name in the file, and for a number or network that is none.
        """
        known = {setting.name for setting in SETTINGS}
        for name in file:
            if name not in known:
                raise BadInput(f"fusioncell.toml has an unknown setting {name!r}", hint="See `fusioncell settings`.")
        values: dict[str, object] = {}
        for setting in SETTINGS:
            value = (
                given.get(setting.name) or environment.get(setting.env) or str(file.get(setting.name, setting.default))
            )
            if setting.name.startswith("max_") or setting.name.endswith(("_hours", "_days", "_port")):
                if not value.isdecimal() or not 0 < int(value) < 1_000_000:
                    raise BadInput(f"{setting.env} must be a whole number, not {value!r}")
                values[setting.name] = int(value)
            elif setting.name == "trusted_proxies":
                values[setting.name] = _networks(setting.env, value)
            else:
                values[setting.name] = value
        return cls(**values)  # type: ignore[arg-type]


def _networks(name: str, text: str) -> str:
    found = [part.strip() for part in text.split(",") if part.strip()]
    for part in found:
        try:
            ip_network(part)
        except ValueError:
            raise BadInput(f"{name} names no address or network: {part!r}", hint="For example 10.0.3.0/24.") from None
    return ",".join(found)


def host_port(text: str) -> tuple[str, int]:
    """Read ``host:port`` (an IPv6 host in brackets). Raises BadInput."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise BadInput(f"{text!r} is not host:port", hint="For example 127.0.0.1:8080.")
    return host.strip("[]"), int(port)
