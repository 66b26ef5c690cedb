"""The model in force: the newest that was learned, or what is assumed before anything is."""

from msgspec import Struct

from gateway.logs import get_logger
from gateway.quality.kept import Spoilt, read
from gateway.quality.model import PRIOR, Model
from gateway.store import quality_models
from gateway.store.pool import Queries

log = get_logger("quality")


class InForce(Struct, frozen=True):
    """The model to use."""

    id: int = 0
    """Of the model in the store; 0: what is assumed before anything is learned."""
    model: Model = PRIOR
    newest: int = 0
    """Id of the row that was looked at: while `quality_models.newest_id` says the same, nothing is new. Other than `id` where that row was refused."""


async def in_force(connection: Queries) -> InForce:
    """The newest model. One that is not what its version names is logged and not used: then nothing counts as learned."""
    kept = await quality_models.newest(connection)
    if kept is None:
        return InForce()
    try:
        return InForce(kept.id, read(kept.version, kept.model), kept.id)
    except Spoilt as error:
        log.error("model_refused", model=kept.id, said=str(error))
        return InForce(newest=kept.id)
