"""Everything the environment decides. The only place that reads it."""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.errors import SettingsError
from app.limits.limits import Limits
from app.privacy import PrivacyKeys

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
SecretKey = Annotated[bytes, BeforeValidator(_key_of_32_bytes), Field(repr=False)]


class _FromEnvironment(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)


class KeySettings(_FromEnvironment):
    """The privacy keys, which every process that reads or writes citizens needs."""

    national_id_lookup_key: SecretKey
    national_id_encryption_key: SecretKey
    national_id_encryption_key_id: Annotated[int, Field(ge=1, le=255)] = 1

    @property
    def privacy_keys(self) -> PrivacyKeys:
        return PrivacyKeys(
            self.national_id_lookup_key,
            self.national_id_encryption_key,
            self.national_id_encryption_key_id,
        )


class Settings(KeySettings):
    """What `serve` needs; each name is an environment variable in capitals."""

    database_url: Annotated[str, Field(repr=False)]
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


class Place(_FromEnvironment):
    """Where the embedded database and the demo live, and whether another database is named."""

    database_url: Annotated[str | None, Field(repr=False)] = None
    allowances_data_dir: Path = Path(".allowances")
    port: Annotated[int, Field(ge=1, le=65535)] = 8000


Read = TypeVar("Read", bound=BaseSettings)


def read_settings() -> Settings:
    """The settings of `serve`; `SettingsError` names every variable that is missing or wrong."""
    return _read(Settings)


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
        problems = [f"  {_name(e['loc'])}: {_problem(e)}" for e in error.errors()]
        raise SettingsError("\n".join(["These settings need a value:", *problems])) from None


def _name(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location).upper()


def _problem(error: Mapping[str, Any]) -> str:
    return "is required" if error["type"] == "missing" else str(error["msg"])
