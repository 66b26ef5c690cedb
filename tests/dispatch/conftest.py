"""The stages over a real store, as in tests/pipeline."""

from tests.pipeline.conftest import checker, emptied_dsn, other, plant, quiet, reused_dsn, runtime

__all__ = ["checker", "emptied_dsn", "other", "plant", "quiet", "reused_dsn", "runtime"]
