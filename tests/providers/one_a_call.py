"""The contract's batches, for vendors whose call carries one message: the same said of as many calls."""

from collections.abc import Sequence

from providers.base.types import Answer, Outgoing, Provider
from providers.base.words import Outcome
from tests.providers.contract import Lease, ProviderContract, message, sent


async def each(provider: Provider, batch: Sequence[Outgoing]) -> list[Answer]:
    return [answer for one in batch for answer in await sent(provider, [one])]


class OneACall(ProviderContract):
    """Put it before the contract of HTTP."""

    async def test_it_gives_one_answer_a_message_joined_by_reference(self, provider: Provider) -> None:
        batch = [message(), message("0005"), message()]
        answers = {answer.reference: answer.outcome for answer in await each(provider, batch)}
        assert [answers[one.reference] for one in batch] == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.ACCEPTED]

    async def test_it_says_once_that_it_writes(self, provider: Provider) -> None:
        lease = Lease()
        await sent(provider, [message()], lease)
        assert (lease.asked, lease.wrote) == (1, 1)

    async def test_in_a_batch_only_the_message_without_an_answer_is_unknown(self, provider: Provider) -> None:
        batch = [message(), message("0007"), message()]
        answers = [answer.outcome for answer in await each(provider, batch)]
        assert answers == [Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.ACCEPTED]
