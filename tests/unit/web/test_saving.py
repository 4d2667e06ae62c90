"""Compression of JSON, and entity tags of reference lists."""

import gzip
import json

import pytest

from foundation.routes import Role
from tests.unit.web.conftest import House

KINDS = "/api/v1/kinds"


async def test_large_json_is_compressed_for_clients_that_take_it(house: House) -> None:
    async with await house.signed_in(Role.AGENT) as http:
        plain = await (await http.get(KINDS, headers={"Accept-Encoding": "identity"})).read()
        http._auto_decompress = False
        async with http.get(KINDS, headers={"Accept-Encoding": "br, gzip"}) as answer:
            assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
            assert answer.headers["Vary"] == "Accept-Encoding"
            packed = await answer.read()
        assert gzip.decompress(packed) == plain
        assert len(packed) < len(plain) / 5
        for accepted in ("identity", "br", "gzip;q=0"):
            async with http.get(KINDS, headers={"Accept-Encoding": accepted}) as answer:
                assert "Content-Encoding" not in answer.headers
                assert json.loads(await answer.read()) == json.loads(plain)
        async with http.get("/api/v1/session", headers={"Accept-Encoding": "gzip"}) as answer:
            assert "Content-Encoding" not in answer.headers, "a secret is never compressed"
        async with http.get("/api/openapi.json", headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_a_list_the_client_has_is_not_sent_again(house: House, encoding: str) -> None:
    async with await house.signed_in(Role.AGENT) as http:
        async with http.get(KINDS, headers={"Accept-Encoding": encoding}) as answer:
            etag = answer.headers["ETag"]
            assert answer.headers["Cache-Control"] == "private, no-cache"
        for known, status in ((etag, 304), (f'"other", {etag}', 304), ('"other"', 200), ("*", 304)):
            headers = {"Accept-Encoding": encoding, "If-None-Match": known}
            async with http.get(KINDS, headers=headers) as answer:
                assert (answer.status, answer.headers["ETag"]) == (status, etag)
                assert bool(await answer.read()) is (status == 200)
        async with http.get("/api/v1/things") as answer:
            assert "ETag" not in answer.headers
            assert answer.headers["Cache-Control"] == "no-store"
    async with await house.signed_in(Role.SUPERVISOR) as http, http.get(KINDS) as answer:
        assert answer.headers["ETag"] != etag, "of what this role sees"
