"""How often somebody may try to sign in: per staff number with growing lock-outs, and per address (S11).

And how often anybody may use what is open to everybody.
"""

import asyncio
import hashlib
import ipaddress
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.desk.errors import TooManyAttempts, TooManyRequests
from crm.selfservice.limits import Limit
from foundation.problems import Unavailable

PREFIX = "hotline:sign-in:"

# An attempt counts before the password is looked at, so that attempts in parallel do not slip through together.
# Whoever signed in from an address before has a count of his or her own there: a stranger who fails on purpose locks
# out strangers only.
_ATTEMPT = """
local number, pair, known, address = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local window_ms, number_limit, address_limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local first_lock_ms, longest_lock_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local count = redis.call('EXISTS', known) == 1 and pair or number
local locked_ms = redis.call('PTTL', count .. ':locked')
if locked_ms > 0 then return {locked_ms, count} end
if tonumber(redis.call('GET', address) or '0') >= address_limit then
  return {math.max(redis.call('PTTL', address), 1), count}
end
local tries = redis.call('INCR', count)
redis.call('PEXPIRE', count, window_ms)
if redis.call('INCR', address) == 1 then redis.call('PEXPIRE', address, window_ms) end
if tries >= number_limit then
  local lock_ms = math.min(first_lock_ms * 2 ^ math.min(tries - number_limit, 30), longest_lock_ms)
  redis.call('SET', count .. ':locked', 1, 'PX', lock_ms)
end
return {0, count}
"""

_SUCCESS = """
local known, address, count = KEYS[1], KEYS[2], KEYS[3]
redis.call('DEL', count, count .. ':locked')
redis.call('SET', known, 1, 'PX', ARGV[1])
if tonumber(redis.call('GET', address) or '0') > 0 then redis.call('DECR', address) end
"""


@dataclass(frozen=True)
class SignInLimits:
    """How many failures are too many."""

    per_number: int = 5
    """Failures of one staff number until it is locked; each further one doubles the lock."""
    per_address: int = 100
    """Failures from one address within the window; a whole office may share one."""
    window_s: float = 3600.0
    first_lock_s: float = 30.0
    longest_lock_s: float = 900.0
    known_s: float = 30 * 86400.0
    """How long an address stays known for a staff number."""


@dataclass(frozen=True)
class SignInAttempt:
    """One attempt under way."""

    known: str
    address: str
    count: str


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
        where = _neighbourhood(address)
        known, from_address = f"{PREFIX}known:{who}:{where}", f"{PREFIX}address:{where}"
        locked_ms, count = await self._attempt(
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
        return SignInAttempt(known, from_address, count.decode() if isinstance(count, bytes) else count)

    async def succeeded(self, attempt: SignInAttempt) -> None:
        """The attempt was no failure after all."""
        keys = [attempt.known, attempt.address, attempt.count]
        await self._success(keys=keys, args=[int(self._limits.known_s * 1000)])


def _neighbourhood(address: str) -> str:
    """The address as counted: one IPv6 customer has a whole /64 to try from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network(f"{parsed}/64", strict=False).network_address)
    return str(parsed)


# Counted before anything is done, in one step, so that requests in parallel do not slip through together.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if count <= tonumber(ARGV[1]) then return 0 end
return math.max(redis.call('PTTL', KEYS[1]), 1)
"""
COUNTED = "hotline:limit:"
DEADLINE_S = 2.0


class PublicLimiter:
    """Counts in Redis what comes from outside, for all nodes together; what is counted cannot be read there."""

    def __init__(self, redis: Redis) -> None:
        self._count = redis.register_script(_COUNT)

    async def count(self, what: str, who: str, limit: Limit) -> None:
        """Count one.

        Raises:
            TooManyRequests: there were too many within the window.
            Unavailable: Redis is out of reach.
        """
        whose = hashlib.sha256(_counted_as(who).encode()).hexdigest()[:32]
        try:
            async with asyncio.timeout(DEADLINE_S):
                over_ms = await self._count(
                    keys=[f"{COUNTED}{what}:{whose}"], args=[limit.most, int(limit.window_s * 1000)]
                )
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("This is out of reach for the moment.") from error
        if over_ms:
            raise TooManyRequests(retry_after_s=-(-int(over_ms) // 1000))


def _counted_as(who: str) -> str:
    """An address with its neighbourhood; anything else as it is."""
    where = _neighbourhood(who)
    return who if where == "unknown" else where
