"""`allowances serve --trusted-documents`, as an operator starts it."""

import os
import subprocess
from base64 import b64encode
from datetime import datetime
from pathlib import Path

import httpx
import jwt

from app import screens
from app.clock import BANGKOK
from app.demo.home import DataDirectory
from app.demo.issuer import AUDIENCE
from app.demo.personas import PERSONAS
from app.limits.trusted import document_id
from app.migrations.service_role import as_service
from tests.conftest import ALLOWANCES, free_port, wait_until_ready

TEST_ISSUER = "urn:test:issuer"  # serve never trusts the development issuer


def environment(home: DataDirectory, dsn: str, port: int) -> dict[str, str]:
    keys, jwks = home.keys(), home.issuer().jwks_file
    return os.environ | {
        "DATABASE_URL": as_service(dsn),
        "ACCOUNT_NUMBER_KEY": b64encode(keys.account_key).decode(),
        "NATIONAL_ID_LOOKUP_KEY": b64encode(keys.lookup_key).decode(),
        "NATIONAL_ID_ENCRYPTION_KEY": b64encode(keys.encryption_key).decode(),
        "TOKEN_ISSUER": TEST_ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
        "TOKEN_JWKS": str(jwks),
        "PORT": str(port),
    }


def test_serve_runs_the_documents_it_is_given_and_no_other(
    demo_database: str, home: DataDirectory
) -> None:
    port, directory = free_port(), str(Path(screens.__file__).parent)
    command = [ALLOWANCES, "serve", "--trusted-documents", directory]
    url = f"http://127.0.0.1:{port}"
    issuer, now = home.issuer(), int(datetime.now(BANGKOK).timestamp())
    claims = {"iss": TEST_ISSUER, "aud": AUDIENCE, "exp": now + 60, "scope": "openid"}
    claims |= {"pid": PERSONAS["both"].national_id}
    token = jwt.encode(claims, issuer.private_key, "RS256", {"kid": issuer.key_id})
    headers = {"Authorization": f"Bearer {token}"}
    with subprocess.Popen(command, env=environment(home, demo_database, port)) as process:
        try:
            wait_until_ready(url, process)
            shipped = {"documentId": document_id(screens.document("old_age_home"))}
            answer = httpx.post(f"{url}/graphql", json=shipped, headers=headers).json()
            assert answer["data"]["me"]["givenName"] == PERSONAS["both"].given_name
            other = {"query": "{me{id}}"}
            (error,) = httpx.post(f"{url}/graphql", json=other, headers=headers).json()["errors"]
            assert error["extensions"] == {"code": "QUERY_NOT_IN_SAFELIST"}
        finally:
            process.terminate()
            process.wait(20)


def test_serve_refuses_a_directory_without_documents(
    demo_database: str, home: DataDirectory, tmp_path: Path
) -> None:
    done = subprocess.run(
        [ALLOWANCES, "serve", "--trusted-documents", str(tmp_path)],
        env=environment(home, demo_database, free_port()),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "TRUSTED_DOCUMENTS: expected a directory with .graphql files" in done.stderr
    assert "Traceback" not in done.stderr
