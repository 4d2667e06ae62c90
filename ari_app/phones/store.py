"""Store of the sessions that browsers' phones belong to, in Redis."""

from redis.asyncio import Redis

OWNERS = "hotline:browser-phones"
"""Session by agent."""
_RELEASE = """
if ARGV[2] ~= '' and redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
"""


class PhoneOwners:
    """Sessions of browsers' phones.

    Every method raises RedisError or OSError where Redis is out of reach.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._release = redis.register_script(_RELEASE)

    async def own(self, agent_id: str, session_id: str) -> None:
        """Store the session that an agent's browser phone belongs to."""
        await self._redis.hset(OWNERS, agent_id, session_id)

    async def release(self, agent_id: str, session_id: str | None) -> bool:
        """Forget the owner; return False where another session owns the phone.

        Without a session, whichever it is.
        """
        return bool(await self._release(keys=[OWNERS], args=[agent_id, session_id or ""]))

    async def all(self) -> dict[str, str]:
        """Return every session that owns a phone, by agent."""
        found = await self._redis.hgetall(OWNERS)
        return {_text(agent_id): _text(session_id) for agent_id, session_id in found.items()}


def _text(stored: bytes | str) -> str:
    return stored.decode() if isinstance(stored, bytes) else stored
