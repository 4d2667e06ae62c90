"""Schemathesis over the running service's OpenAPI document.

No 500, and every response as documented.
"""

import asyncio
import re
import sys
from pathlib import Path
from subprocess import PIPE, STDOUT

import aiohttp
import pytest

from dev.stack import SAMPLE_PASSWORD
from tests.asterisk.hotline import ADMINISTRATOR, AGENT, SUPERVISOR, Hotline

DEPARTMENT = "2001"
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]


async def known(http: aiohttp.ClientSession) -> str:
    """Write ids that exist as a configuration of Schemathesis.

    With them it reaches more than the first look-up.
    """
    async with http.get("/api/v1/tickets") as answer:
        ticket = (await answer.json())[0]
    found = {"ticket_id": ticket["id"], "customer_id": ticket["customer_id"], "department_id": ticket["department_id"]}
    return "[parameters]\n" + "".join(f'"path.{name}" = "{value}"\n' for name, value in found.items() if value)


@pytest.mark.parametrize("staff_number", [AGENT, DEPARTMENT, SUPERVISOR, ADMINISTRATOR])
async def test_no_request_breaks_the_service(staff_number: str, hotline: Hotline, tmp_path: Path) -> None:
    async with aiohttp.ClientSession(hotline.stack.url) as http:
        account = {"staff_number": staff_number, "password": SAMPLE_PASSWORD}
        async with http.post("/api/v1/session", json=account) as answer:
            token = (await answer.json())["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        configuration = tmp_path / "schemathesis.toml"
        configuration.write_text(await known(http))

    # Signing out would end what the rest is asked with.
    asked = [f"{hotline.stack.url}/api/openapi.json", "--exclude-path", "/api/v1/session", "--no-color"]
    asked += ["--header", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS)]
    asked += ["--phases", "coverage,fuzzing", "--max-examples", "5", "--seed", "1", "--no-shrink"]
    schemathesis = Path(sys.executable).with_name("schemathesis")
    process = await asyncio.create_subprocess_exec(
        schemathesis, "--config-file", configuration, "run", *asked, cwd=tmp_path, stdout=PIPE, stderr=STDOUT
    )
    told, _ = await process.communicate()

    assert process.returncode == 0, told.decode()
    requests = re.search(rb"(\d+) generated", told)
    assert requests is not None
    assert int(requests[1]) > 1000
