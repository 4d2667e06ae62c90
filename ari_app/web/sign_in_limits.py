"""Limits of sign-ins (S11) and of public requests."""

import asyncio
import hashlib
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.web.addresses import neighbourhood
from ari_app.web.errors import TooManyAttempts, TooManyRequests
from crm.selfservice.limits import Limit
from foundation.problems import Unavailable

PREFIX = "hotline:sign-in:"

# An attempt counts before the password is checked, so that parallel attempts do not pass together. A staff number that
# signed in from an address before is known there: it has a count of its own there, and neither the failures of
# strangers with this number nor the failures of others at this address lock it.
_ATTEMPT = """
local number, pair, known, address = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local window_ms, number_limit, address_limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local first_lock_ms, longest_lock_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local is_known = redis.call('EXISTS', known) == 1
local count = is_known and pair or number
local locked_ms = redis.call('PTTL', count .. ':locked')
if locked_ms > 0 then return {locked_ms, count} end
if not is_known and tonumber(redis.call('GET', address) or '0') >= address_limit then
  return {math.max(redis.call('PTTL', address), 1), count}
end
local tries = redis.call('INCR', count)
redis.call('PEXPIRE', count, window_ms)
if not is_known and redis.call('INCR', address) == 1 then redis.call('PEXPIRE', address, window_ms) end
if tries >= number_limit then
  local lock_ms = math.min(first_lock_ms * 2 ^ math.min(tries - number_limit, 30), longest_lock_ms)
  redis.call('SET', count .. ':locked', 1, 'PX', lock_ms)
end
return {0, count, is_known and 1 or 0}
"""

_SUCCESS = """
local known, address, count = KEYS[1], KEYS[2], KEYS[3]
redis.call('DEL', count, count .. ':locked')
redis.call('SET', known, 1, 'PX', ARGV[1])
if ARGV[2] == '0' and tonumber(redis.call('GET', address) or '0') > 0 then redis.call('DECR', address) end
"""


@dataclass(frozen=True)
class SignInLimits:
    """Limits of failed sign-ins."""

    per_number: int = 5
    """Failures of one staff number that lock it; each further one doubles the lock."""
    per_address: int = 100
    """Failures of unknown staff numbers from one address within the window; an office may share one."""
    window_s: float = 3600.0
    first_lock_s: float = 30.0
    longest_lock_s: float = 900.0
    known_s: float = 30 * 86400.0
    """Time for which a staff number stays known at an address."""


@dataclass(frozen=True)
class SignInAttempt:
    """Attempt under way."""

    known: str
    address: str
    count: str
    is_known: bool
    """Whether the staff number signed in from this address before; then the address does not count the attempt."""


class SignInGuard:
    """Counts attempts in Redis, where every node sees them."""

    def __init__(self, redis: Redis, limits: SignInLimits) -> None:
        self._limits = limits
        self._attempt = redis.register_script(_ATTEMPT)
        self._success = redis.register_script(_SUCCESS)

    async def begin(self, staff_number: str, address: str) -> SignInAttempt:
        """Count an attempt.

        Raises:
            TooManyAttempts: locked for a while; the same for staff numbers that do not exist.
        """
        limits = self._limits
        who = hashlib.sha256(staff_number.encode()).hexdigest()[:32]
        where = neighbourhood(address)
        known, from_address = f"{PREFIX}known:{who}:{where}", f"{PREFIX}address:{where}"
        locked_ms, count, *is_known = await self._attempt(
            keys=[f"{PREFIX}number:{who}", f"{PREFIX}pair:{who}:{where}", known, from_address],
            args=[
                int(limits.window_s * 1000),
                limits.per_number,
                limits.per_address,
                int(limits.first_lock_s * 1000),
                int(limits.longest_lock_s * 1000),
            ],
        )
        if locked_ms:
            raise TooManyAttempts(retry_after_s=-(-int(locked_ms) // 1000))
        counted = count.decode() if isinstance(count, bytes) else count
        return SignInAttempt(known, from_address, counted, is_known=is_known == [1])

    async def succeeded(self, attempt: SignInAttempt) -> None:
        """Take back the counts of an attempt that succeeded."""
        keys = [attempt.known, attempt.address, attempt.count]
        await self._success(keys=keys, args=[int(self._limits.known_s * 1000), int(attempt.is_known)])


# One step, before the request is carried out, so that parallel requests do not pass together.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if count <= tonumber(ARGV[1]) then return 0 end
return math.max(redis.call('PTTL', KEYS[1]), 1)
"""
COUNTED = "hotline:limit:"
DEADLINE_S = 2.0


class PublicLimiter:
    """Counts public requests in Redis for all nodes; the keys are hashes."""

    def __init__(self, redis: Redis) -> None:
        self._count = redis.register_script(_COUNT)

    async def count(self, what: str, who: str, limit: Limit) -> None:
        """Count one request.

        Raises:
            TooManyRequests: the limit of the window is reached.
            Unavailable: Redis is out of reach.
        """
        counted = hashlib.sha256(_counted_as(who).encode()).hexdigest()[:32]
        try:
            async with asyncio.timeout(DEADLINE_S):
                over_ms = await self._count(
                    keys=[f"{COUNTED}{what}:{counted}"], args=[limit.most, int(limit.window_s * 1000)]
                )
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("This is out of reach for the moment.") from error
        if over_ms:
            raise TooManyRequests(retry_after_s=-(-int(over_ms) // 1000))


def _counted_as(who: str) -> str:
    """Return an address as its neighbourhood; other text unchanged."""
    where = neighbourhood(who)
    return who if where == "unknown" else where
