"""The stages over a real store, as in tests/pipeline."""

from tests.pipeline.conftest import checker, other, plant, quiet, runtime

__all__ = ["checker", "other", "plant", "quiet", "runtime"]
