"""Rate per second of a provider, shared by all workers through Redis, counted by its clock."""

from typing import Any

from redis.asyncio import Redis

from gateway.redis_away import unless_away

TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local rate, want, kept = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(state[1]), tonumber(state[2])
if not tokens then tokens, at = 0, now end
tokens = math.min(math.max(1, rate), tokens + math.max(0, now - at) * rate)
kept = math.min(kept * rate, math.max(0, rate - 1))
local given = math.max(0, math.min(want, math.floor(tokens - kept)))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - given), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], 86400)
return given
"""
"""A bucket of one second's worth, of one token at least. One that Redis does not know starts empty, not full (invariant 11). What is kept for other
lanes is never so much that a full bucket has no token left. Where the clock went back, that time brings no token, and takes none; so the
time is kept to the microsecond, for what `tostring` rounds up would look like that."""

GIVE_BACK = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBYFLOAT', KEYS[1], 'tokens', ARGV[1]) end"


class RateTokens:
    """Token buckets. Without Redis a limited provider gets no tokens: fails towards safety."""

    def __init__(self, redis: Redis) -> None:
        self._take: Any = redis.register_script(TAKE)
        self._give_back: Any = redis.register_script(GIVE_BACK)

    async def take(self, provider: str, rate_per_s: float, count: int, kept: float = 0.0) -> int:
        """How many of `count` messages may be claimed now; all of them where the provider has no limit (0). `kept`, a share of the rate, stays."""
        if not rate_per_s:
            return count
        return int(await unless_away(self._take(keys=[_key(provider)], args=[rate_per_s, count, kept]), 0))

    async def give_back(self, provider: str, rate_per_s: float, count: int) -> None:
        """Tokens that no message used."""
        if rate_per_s:
            await unless_away(self._give_back(keys=[_key(provider)], args=[count]), None)


def _key(provider: str) -> str:
    return f"tixing:rate:{provider}"
