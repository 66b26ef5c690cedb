"""The words a provider answers with: how far a message got, why it stopped, whose fault that was."""

from enum import StrEnum


class Status(StrEnum):
    """How far a message got. Moves forward only; the last four are final."""

    QUEUED = "queued"
    """Waits for its time, a rate token or a worker."""
    SENDING = "sending"
    """Claimed: an attempt is on record and may be on the wire."""
    UNKNOWN = "unknown"
    """The call was written but nobody can say what came of it; waits for a receipt, never resent."""
    SENT = "sent"
    """The provider took it; a receipt is expected."""
    DELIVERED = "delivered"
    """Evidence says it reached the handset or the account. Final."""
    UNDELIVERED = "undelivered"
    """The carrier or vendor took it and later reported that it did not arrive. Final."""
    FAILED = "failed"
    """Refused at submit, or given up. Final."""
    CANCELED = "canceled"
    """Withdrawn before it left. Final."""


FINAL = frozenset({Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.CANCELED})
"""Statuses that stay."""


class Reason(StrEnum):
    """Why a message or notice stopped where it did."""

    NUMBER_ABSENT = "number_absent"
    """The number is not in service (空号)."""
    NUMBER_SUSPENDED = "number_suspended"
    """The subscription is suspended, mostly for arrears (停机)."""
    UNREACHABLE = "unreachable"
    """Switched off, out of coverage or memory full (关机); may pass."""
    RECIPIENT_BLOCKED = "recipient_blocked"
    """The recipient blocks this sender, or does not follow the account."""
    OPTED_OUT = "opted_out"
    """The recipient asked not to be written to."""
    CARRIER_BLACKLIST = "carrier_blacklist"
    """The carrier or vendor keeps the number on a list."""
    FREQUENCY_LIMITED = "frequency_limited"
    """Too many to this number or account in a window."""
    CONTENT_REJECTED = "content_rejected"
    """The text was refused (keyword, length, encoding)."""
    TEMPLATE_REJECTED = "template_rejected"
    """The vendor's template is missing, unapproved or does not fit the parameters."""
    SIGNATURE_REJECTED = "signature_rejected"
    """The signature is missing or unapproved."""
    ACCOUNT_PROBLEM = "account_problem"
    """Credentials, balance or permissions of our account with the vendor."""
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    """The vendor failed, was overloaded or could not be reached."""
    MALFORMED_ADDRESS = "malformed_address"
    """The address is not one that this channel can reach."""
    NO_RECEIPT = "no_receipt"
    """No report came in time. Provisional: a late report settles it."""
    WRONG_PERSON = "wrong_person"
    """Whoever answers there says they are somebody else."""
    CERTIFIED = "certified"
    """The person was confirmed meanwhile; the claim of the notice no longer holds."""
    DECEASED = "deceased"
    """The person died; nothing more is sent to them."""
    RESUMED = "resumed"
    """The benefit was resumed meanwhile."""
    TERMINATED = "terminated"
    """The benefit was terminated meanwhile."""
    SUPERSEDED = "superseded"
    """A newer fact or notice took its place."""
    OPERATOR = "operator"
    """Cancelled by an operator."""
    EXPIRED = "expired"
    """Its validity ended before it could leave."""
    QUIET_EXPIRED = "quiet_expired"
    """The hours in which sending is allowed did not come before its validity ended."""
    NO_CONTACT = "no_contact"
    """Nobody left whom the rules allow to be told through a known contact."""
    DUTY_MET = "duty_met"
    """The same duty was met already."""
    CONFLICT = "conflict"
    """Facts contradict each other (certified after death); held for people to decide."""
    UNMAPPED = "unmapped"
    """The vendor's code is in no table. Provisional: mapping it later settles it."""


class Fault(StrEnum):
    """Whose fault it was."""

    RECIPIENT = "recipient"
    """Something about the recipient's number, account or wish."""
    CARRIER = "carrier"
    """The carrier behind the vendor."""
    PROVIDER = "provider"
    """The vendor itself."""
    SENDER = "sender"
    """Us: account, template, signature, content, rate."""
    NONE = "none"
    """Nobody's: withdrawn or met."""
    UNKNOWN = "unknown"
    """Cannot be told from the code."""


class Outcome(StrEnum):
    """What came of one attempt at the provider."""

    ACCEPTED = "accepted"
    """The provider took the message."""
    REFUSED = "refused"
    """The provider refused it for good."""
    DEFERRED = "deferred"
    """The provider refused it for now: try later, as a new attempt."""
    NOTHING_LEFT = "nothing_left"
    """Provably not a byte reached the provider: safe to try again."""
    UNKNOWN = "unknown"
    """Bytes left and no readable answer came: never resent by itself."""


class RetryClass(StrEnum):
    """What to do with a message that one provider did not take."""

    RETRY = "retry"
    """Later, by the same provider."""
    OTHER_ROUTE = "other_route"
    """By another provider of the channel, at once; where there is none, final."""
    PERMANENT = "permanent"
    """By nobody: it is the number, the person or the text."""
    CONFIGURATION = "configuration"
    """By another provider; this one needs an operator, and its circuit opens."""
    UNKNOWN = "unknown"
    """By nobody: it may have left."""


class Sign(StrEnum):
    """What a person did to our account with a vendor that knows people by account (WeChat)."""

    FOLLOWED = "followed"
    """Follows the account, or takes our messages again."""
    UNFOLLOWED = "unfollowed"
    """Follows it no more."""
    CONSENTED = "consented"
    """Agreed to a template's messages."""
    REFUSED = "refused"
    """Refused a template's messages, or the consent is used up."""
