"""Everything the environment decides. The only place that reads it."""

import base64
import binascii
from collections.abc import Mapping
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.delivery.quiet_hours import QuietHours
from app.errors import SettingsError
from app.limits.limits import Limits
from app.notices.telling import Telling
from app.privacy import PrivacyKeys
from app.rules.vocabulary import Language

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


def _key_of_32_bytes(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("expected 32 bytes in base64") from None
    if len(key) != 32:
        raise ValueError(f"expected 32 bytes in base64, got {len(key)}")
    return key


def _parts(value: object) -> object:
    if not isinstance(value, str):
        return value
    return frozenset(part.strip() for part in value.split(",") if part.strip())


Names = Annotated[frozenset[str], NoDecode, BeforeValidator(_parts)]  # a list parted by commas
Count = Annotated[int, Field(ge=1)]


def _keys_by_id(value: object) -> object:
    """`1:base64,2:base64` to keys by their ids; no error repeats a part of it."""
    if not isinstance(value, str):
        return value
    keys: dict[int, object] = {}
    for part in filter(None, (part.strip() for part in value.split(","))):
        number, colon, key = part.partition(":")
        if not colon or not number.isascii() or not number.isdigit():
            raise ValueError("expected `id:key` pairs parted by commas, as 1:base64,2:base64")
        if int(number) in keys:
            raise ValueError(f"key {int(number)} stands twice")
        keys[int(number)] = _key_of_32_bytes(key)
    return keys


def _quiet_hours(value: object) -> object:
    return QuietHours.parse(value) if isinstance(value, str) else value


def _https(value: str) -> str:
    address = urlsplit(value)
    if address.scheme != "https" and not (
        address.scheme == "http" and address.hostname in LOOPBACK
    ):
        raise ValueError("expected an https address")
    return value


SecretKey = Annotated[bytes, BeforeValidator(_key_of_32_bytes), Field(repr=False)]
OptionalSecretKey = Annotated[bytes | None, BeforeValidator(_key_of_32_bytes), Field(repr=False)]
KeyId = Annotated[int, Field(ge=1, le=255)]  # one byte before each encrypted value
SecretKeysById = Annotated[
    dict[KeyId, bytes], NoDecode, BeforeValidator(_keys_by_id), Field(repr=False)
]

Quiet = Annotated[QuietHours, NoDecode, BeforeValidator(_quiet_hours)]
Https = Annotated[str, AfterValidator(_https)]  # on loopback also http
Seconds = Annotated[float, Field(gt=0)]
Secret = Annotated[str, Field(repr=False, min_length=1)]


class _FromEnvironment(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)


class KeySettings(_FromEnvironment):
    """The privacy keys, which every process that reads or writes citizens needs."""

    national_id_lookup_key: SecretKey
    national_id_encryption_key: SecretKey
    account_number_key: SecretKey
    national_id_encryption_key_id: KeyId = 1
    national_id_previous_encryption_keys: SecretKeysById = Field(default_factory=dict)
    national_id_previous_lookup_key: OptionalSecretKey = None

    @model_validator(mode="after")
    def _keys_differ(self) -> "KeySettings":
        if self.national_id_previous_lookup_key == self.national_id_lookup_key:
            raise ValueError(
                "NATIONAL_ID_PREVIOUS_LOOKUP_KEY is the current key: name the one before it"
            )
        if self.national_id_encryption_key_id in self.national_id_previous_encryption_keys:
            raise ValueError(
                "NATIONAL_ID_PREVIOUS_ENCRYPTION_KEYS names the id of the current key too: "
                "give each new key a new NATIONAL_ID_ENCRYPTION_KEY_ID"
            )
        return self

    @cached_property
    def privacy_keys(self) -> PrivacyKeys:
        return PrivacyKeys(
            lookup_key=self.national_id_lookup_key,
            encryption_key=self.national_id_encryption_key,
            account_key=self.account_number_key,
            encryption_key_id=self.national_id_encryption_key_id,
            previous_encryption_keys=self.national_id_previous_encryption_keys,
            previous_lookup_key=self.national_id_previous_lookup_key,
        )


class QuietSettings(_FromEnvironment):
    """When nobody is disturbed: for who makes notifications and for who sends them."""

    quiet_hours: Quiet = QuietHours(time(20), time(8))


class TellingSettings(QuietSettings):
    """How often somebody is disturbed: for who makes notifications."""

    notifications_per_day: Count = 3

    @property
    def telling(self) -> Telling:
        return Telling(self.quiet_hours, self.notifications_per_day)


class Settings(KeySettings, TellingSettings):
    """What `serve` needs; each name is an environment variable in capitals."""

    database_url: Annotated[str, Field(repr=False)]
    submission_database_url: Annotated[str | None, Field(repr=False)] = None
    listen_database_url: Annotated[str | None, Field(repr=False)] = None  # past any pooler
    token_issuer: str
    token_audience: str
    token_jwks: str  # a file's path or an https URL
    token_algorithm: Algorithm = "RS256"
    token_leeway_seconds: Annotated[int, Field(ge=0, le=300)] = 30

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    pool_size: Annotated[int, Field(ge=1, le=500)] = 10
    statement_cache_size: Annotated[int, Field(ge=0)] = 1024
    statement_timeout_seconds: Annotated[float, Field(gt=0)] = 5.0
    reference_refresh_seconds: Annotated[float, Field(gt=0)] = 30.0

    introspection: bool = False
    graphiql: bool = False
    max_representations: Count = 1000

    max_tokens: Count = Limits.max_tokens
    max_depth: Count = Limits.max_depth
    max_aliases: Annotated[int, Field(ge=0)] = Limits.max_aliases
    max_directives: Annotated[int, Field(ge=0)] = Limits.max_directives
    max_root_fields: Count = Limits.max_root_fields
    max_repeated_fields: Annotated[int, Field(ge=0)] = Limits.max_repeated_fields
    max_cost: Count = 5_000  # of a citizen's operation, or nobody's
    max_agency_cost: Count = 200_000
    request_deadline_seconds: Annotated[float, Field(gt=0)] = 30.0
    requests_per_minute: Count = 600
    max_body_bytes: Count = 1_000_000
    connections_per_caller: Count = 5
    operations_per_connection: Count = 20
    get_queries: bool = False  # a URL is written to the logs of whatever stands in between
    trusted_documents: Path | None = None
    gateway_client_ids: Names = frozenset()

    @property
    def limits(self) -> Limits:
        """The limits of a document."""
        return Limits(
            self.max_tokens,
            self.max_depth,
            self.max_aliases,
            self.max_directives,
            self.max_root_fields,
            self.max_repeated_fields,
        )


class DeliverySettings(QuietSettings):
    """What `deliver` and `serve --deliver` need to hand notifications to the portal."""

    delivery_database_url: Annotated[str | None, Field(repr=False)] = None

    portal_validate_url: Https = "https://api.egov.go.th/ws/auth/validate"
    portal_push_url: Https
    portal_app_id: Annotated[str, Field(min_length=1)]
    portal_agent_id: Secret
    portal_consumer_key: Secret
    portal_consumer_secret: Secret
    portal_timeout_seconds: Seconds = 10.0  # of one request, from its sending to its whole answer

    push_language: Language = Language.TH
    push_batch_size: Annotated[int, Field(ge=1, le=1000)] = 100  # messages in a push
    pushes_at_once: Annotated[int, Field(ge=1, le=64)] = 4
    push_messages_per_second: Seconds = 500.0
    push_max_attempts: Annotated[int, Field(ge=1, le=100)] = 15
    push_backoff_seconds: Seconds = 5.0  # after the first failure; twice as long after each more
    push_longest_backoff_seconds: Seconds = 3600.0
    push_lease_seconds: Seconds = 60.0  # a push whose sender died is taken up again after so long
    push_max_age_days: Seconds = 7.0
    push_poll_seconds: Seconds = 1.0
    breaker_failures: Count = 5  # so many in a row, and the portal is left alone
    breaker_seconds: Seconds = 30.0

    @model_validator(mode="after")
    def _lease_outlasts_a_push(self) -> "DeliverySettings":
        if self.push_lease_seconds <= 4 * self.portal_timeout_seconds:  # token, push, both again
            raise ValueError(
                "PUSH_LEASE_SECONDS has to be more than four times PORTAL_TIMEOUT_SECONDS, "
                "or a second sender takes up what the first is still sending"
            )
        return self

    def own_database_url(self) -> str:
        """Of the role that delivers; `SettingsError` where none is named."""
        if self.delivery_database_url is None:
            raise SettingsError(
                "DELIVERY_DATABASE_URL: is required here: a login role in allowances_delivery."
            )
        return self.delivery_database_url


class Place(_FromEnvironment):
    """Where the embedded database and the demo live, and whether another database is named."""

    database_url: Annotated[str | None, Field(repr=False)] = None
    allowances_data_dir: Path = Path(".allowances")
    port: Annotated[int, Field(ge=1, le=65535)] = 8000


Read = TypeVar("Read", bound=BaseSettings)


def read_settings() -> Settings:
    """The settings of `serve`; `SettingsError` names every variable that is missing or wrong."""
    return _read(Settings)


def read_delivery() -> DeliverySettings:
    """The settings of delivery; `SettingsError` names every variable that is missing or wrong."""
    return _read(DeliverySettings)


def read_telling() -> Telling:
    """When citizens may be disturbed; `SettingsError` when a variable is wrong."""
    return _read(TellingSettings).telling


def read_place() -> Place:
    """Where to find the database; `SettingsError` when a variable is wrong."""
    return _read(Place)


def read_privacy_keys() -> PrivacyKeys:
    """The privacy keys alone, for commands that write into a named database."""
    return _read(KeySettings).privacy_keys


def _read(kind: type[Read]) -> Read:
    try:
        return kind()
    except ValidationError as error:
        problems = [_line(e) for e in error.errors(include_input=False)]
        raise SettingsError(
            "\n".join(["These settings are missing or wrong:", *problems])
        ) from None


def _line(error: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in error["loc"]).upper()
    return f"  {name}: {_problem(error)}" if name else f"  {_problem(error)}"


def _problem(error: Mapping[str, Any]) -> str:
    return "is required" if error["type"] == "missing" else str(error["msg"])
