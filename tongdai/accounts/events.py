"""What happened to accounts."""

from dataclasses import dataclass

from tongdai.events import Event
from tongdai.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """Roles, password or a session of an account changed: nobody may go by what he remembers."""

    account: AccountId
