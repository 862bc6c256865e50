"""Settings of a service, all from the environment; ``python -m chassis.settings`` prints the documented table."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every name is prefixed ``THIDUA_``. Keys are given as PEM text or as the path of a file that holds it."""

    model_config = SettingsConfigDict(env_prefix="THIDUA_", extra="ignore")

    site: str = Field("vn", description="Name of the site: first part of every log name and subject.")
    domain: str = Field("", description="JetStream domain of the site's NATS server; empty: it has none.")
    above: str = Field("", description="Site above this one; its JetStream domain bears its name. Empty: none.")
    serves: list[str] = Field([], description="JSON list of the scopes that a site below is home to.")
    below: dict[str, list[str]] = Field(
        {}, description="JSON: for each site below with a server of its own, the scopes that it is home to."
    )
    database_url: str = Field(
        description="postgresql+asyncpg://role:password@host:port/database of this service alone."
    )
    nats_url: str = Field("nats://127.0.0.1:4222", description="Address of the NATS server.")
    nats_user: str = Field("", description="NATS user of this service; empty: the name of the service.")
    nats_password: str = Field("", description="Password of that user.")
    token_public_key: str = Field(description="Ed25519 public key (PEM text or path) that tokens are checked with.")
    token_private_key: str = Field("", description="Ed25519 private key; only the service that issues tokens has it.")
    service_secret: str = Field("", description="Secret with which services get tokens for calls among themselves.")
    registry_url: str = Field("", description="Base address of the service that keeps people; asked when printing.")
    bootstrap_password: str = Field("", description="Password of the first administrator, while there is no account.")
    smtp_url: str = Field("", description="smtp://[user:password@]host:port for e-mail; empty: no e-mail is sent.")
    mail_from: str = Field("thi-dua@example.invalid", description="Sender of e-mail.")
    otlp_endpoint: str = Field("", description="OTLP/HTTP traces endpoint, e.g. http://127.0.0.1:4318/v1/traces.")
    log_format: str = Field("json", description="json or console.")
    pool_size: int = Field(
        10, ge=2, description="Database connections of one copy, and up to as many again for its hot path."
    )
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Larger request bodies are refused with 413.")
    beacon_seconds: float = Field(15.0, gt=0, description="How often log heads and marks are told on NATS.")
    poll_seconds: float = Field(0.1, gt=0, description="How often the relay looks by itself, besides being woken.")
    gap_seconds: float = Field(5.0, gt=0, description="Silence below a beacon after which a gap is fetched.")
    relay_in_flight: int = Field(32, ge=1, description="Published events whose acknowledgement is awaited at once.")
    batch_events: int = Field(500, ge=1, description="Most events a follower applies in one transaction.")
    demo_starts: str = Field("", description="Instant at which a demo database's clock stands before it is set.")
    head_file: str = Field("", description="File outside the database's data directory that keeps how far the log is.")
    followed_by: str = Field("", description="Services that follow this one's log; empty: those that ever told a mark.")
    gate_seconds: float = Field(5.0, gt=0, description="How long the start gate waits for who does not answer.")
    crash_file: str = Field(
        "", description="Fault tests only: file that says at which point to die (SIGUSR1 reads it)."
    )
    worker: bool = Field(True, description="Whether this copy may take the worker lease.")

    def key(self, name: str) -> str:
        """PEM text of ``token_public_key`` or ``token_private_key``, read from a file when a path was given."""
        value: str = getattr(self, name)
        return value if value.startswith("-----") or not value else Path(value).read_text()


def table() -> str:
    """The settings as a Markdown table."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else f"`{field.default}`" if field.default != "" else "empty"
        rows.append(f"| `THIDUA_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
