"""Replies from people: an opt-out, "not me" or a no to our account is noted on the number, and whoever holds it is planned again."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.evidence.chain import FactKind, Sealer, entry
from gateway.receipt.consent import Templates, clears_all
from gateway.receipt.keyword import Keyword, keyword
from gateway.receipt.reference import ours
from gateway.store import consents, inbound, numbers, persons, unlearned
from gateway.store.inbound import InboundRow
from gateway.store.pool import Connection
from gateway.store.vault import Vault
from providers.base.types import Inbound
from providers.base.words import Sign


class Heard(Struct, frozen=True):
    """Replies with the keys of their numbers, and who holds those."""

    replies: list[tuple[str, Inbound, str, bytes]]
    """(provider, reply, channel, key)."""
    holders: list[str]
    last: dict[bytes, tuple[int, str]]
    whose: dict[int, str]
    """The person whom a message that was answered was for."""

    def answered(self, reply: Inbound, key: bytes) -> tuple[int | None, str]:
        """The message that a reply is to, as far as anybody can tell, and whose it is."""
        named = int(reply.reference) if ours(reply.reference) else 0
        return (named, self.whose[named]) if named in self.whose else self.last.get(key, (None, ""))


class Replies:
    """Joins and writes replies. `channel_of` a provider; `key` of an address as the channel's contacts are kept."""

    def __init__(
        self, vault: Vault, sealer: Sealer, channel_of: Callable[[str], str], key: Callable[[str, str], bytes], templates: Templates
    ) -> None:
        self._vault, self._sealer, self._channel_of, self._key, self._templates = vault, sealer, channel_of, key, templates

    async def lock(self, connection: Connection, replies: Sequence[tuple[str, Inbound]], messages: Sequence[int]) -> Heard:
        """Locks, in one order, the persons who hold these numbers and those of `messages`."""
        answered = await inbound.of_messages(connection, [int(r.reference) for _, r in replies if ours(r.reference)])
        keyed = []
        for provider, reply in replies:
            # A reply to a message of ours concerns that message's number, whatever else its provider carries.
            channel, key, _ = answered.get(int(reply.reference) if ours(reply.reference) else 0, ("", b"", ""))
            if not key:
                channel = self._channel_of(provider)
                key = self._key(channel, reply.address)
            keyed.append((provider, reply, channel, key))
        keys = list({key for *_, key in keyed})
        holders = sorted({person for people in (await inbound.holders(connection, keys)).values() for person in people})
        whose = {message: person for message, (_, _, person) in answered.items()}
        heard = Heard(keyed, holders, await inbound.last_messages(connection, keys), whose)
        about = [message for _, reply, _, key in keyed if (message := heard.answered(reply, key)[0]) is not None]
        await persons.lock_also_of(connection, holders, [*messages, *about])
        return heard

    def _consents(self, provider: str, reply: Inbound, sign: Sign, where: tuple[bytes, str], at: datetime) -> list[consents.Word]:
        """A sign counts from when the person gave it, by the vendor's clock, so that a late repetition changes nothing; never from the future."""
        key, channel = where
        given = min(reply.at, at) if reply.at is not None else at
        names = self._templates.called(provider, reply.template)
        return [consents.Word(key, name, channel, provider, sign, given, clears_all(reply)) for name in names]

    async def write(self, connection: Connection, heard: Heard, at: datetime, seal_id: int, take: Callable[[], int]) -> list[bytes]:
        """Writes the replies and what they say; returns their entries for the seal."""
        rows: list[InboundRow] = []
        said: list[consents.Word] = []
        marks: dict[bytes, tuple[str, bool, bool]] = {}
        denied: set[tuple[bytes, str]] = set()
        for provider, reply, channel, key in heard.replies:
            word: Keyword | Sign = keyword(reply.text) if reply.sign is None else reply.sign
            message, person = heard.answered(reply, key)
            sealed = self._vault.seal_raw(reply.text.encode(errors="replace"), b"inbound")
            rows.append(InboundRow(take(), provider, key, channel, message, word, sealed))
            if isinstance(word, Sign):
                said += self._consents(provider, reply, word, (key, channel), at)
            elif word is not Keyword.OTHER:
                before = marks.get(key, (channel, False, False))
                marks[key] = channel, before[1] or word is Keyword.OPT_OUT, before[2] or word is Keyword.WRONG_PERSON
            if word is Keyword.WRONG_PERSON:
                denied.add((key, person))
        await inbound.insert(connection, rows, at, seal_id)
        if denied:  # contacts before numbers, as everybody takes them
            to = sorted({r.message_id for r in rows if r.keyword == Keyword.WRONG_PERSON and r.message_id is not None})
            await inbound.deny_messages(connection, to)
            await inbound.deny(connection, denied, at)
        if marks:
            await numbers.mark(connection, marks, at)
        await unlearned.put(connection, {key for *_, key in heard.replies})
        if said:
            await consents.put(connection, said, at)
        if marks or said:
            await persons.plan_again(connection, heard.holders, at)
        return [
            entry(FactKind.INBOUND, r.id, self._sealer.digest(r.id, r.provider, r.key, r.message_id, r.keyword, r.sealed)) for r in rows
        ]
