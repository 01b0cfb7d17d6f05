"""The data directory: the demo's own keys, its issuer and its files."""

from dataclasses import dataclass
from pathlib import Path

from app.demo.issuer import ALGORITHM, AUDIENCE, ISSUER, DevelopmentIssuer
from app.demo.key_file import KeyFile
from app.errors import SettingsError
from app.privacy import PrivacyKeys
from app.settings import Settings

_IGNORE_ALL = "*\n"


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Where everything lives that a production would keep in a database and a vault."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> "DataDirectory":
        """The directory, made if need be, and never committed by accident."""
        if path.exists() and not path.is_dir():
            raise SettingsError(f"ALLOWANCES_DATA_DIR: {path} is a file, not a directory.")
        path.mkdir(parents=True, exist_ok=True)
        (path / ".gitignore").write_text(_IGNORE_ALL, encoding="utf-8")
        return cls(path.resolve())

    @property
    def files(self) -> Path:
        """Where generated files go."""
        return self.path / "files"

    @property
    def marker(self) -> Path:
        """What the demo has loaded, so that a second start need not."""
        return self.path / "demo.json"

    def keys(self) -> PrivacyKeys:
        """The privacy keys of this directory; made on first use, readable by their owner alone."""
        return KeyFile(self.path / "keys.json").keys()

    def make_encryption_key(self) -> PrivacyKeys:
        """The keys with a new one to encrypt; the others go on reading what they wrote."""
        return KeyFile(self.path / "keys.json").with_new_encryption_key()

    def issuer(self) -> DevelopmentIssuer:
        """The development issuer of this directory."""
        return DevelopmentIssuer.open(self.path)

    def settings(self, dsn: str, port: int) -> Settings:
        """The settings of a demo: all that `serve` would ask for, and what is for trying out."""
        keys = self.keys()
        return Settings(
            database_url=dsn,
            national_id_lookup_key=keys.lookup_key,
            national_id_encryption_key=keys.encryption_key,
            account_number_key=keys.account_key,
            national_id_encryption_key_id=keys.encryption_key_id,
            national_id_previous_encryption_keys=dict(keys.previous_encryption_keys),
            token_issuer=ISSUER,
            token_audience=AUDIENCE,
            token_algorithm=ALGORITHM,
            token_jwks=str(self.issuer().jwks_file),
            port=port,
            introspection=True,
            graphiql=True,
            get_queries=True,
        )
