"""Private PostgreSQL and Redis servers for `store.url = "embedded"` and `redis.url = "embedded"`: `host.EngineHost` is the way in."""
