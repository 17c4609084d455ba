"""`tongdai token create`: the API's tokens from the shell."""

from tongdai.accounts.model import Role
from tongdai.accounts.service import create_token
from tongdai.commands.register import register
from tongdai.commands.support import CommandError, run, say, settings


def token_create(role: str, hotline: str | None) -> None:
    """Print a new token, alone.

    Raises:
        CommandError: There is no such role or hotline.
    """
    found = settings()
    if role not in set(Role):
        message = f"--role {role}: known are {', '.join(Role)}"
        raise CommandError(message)
    if hotline is not None and found.hotline_by_id(hotline) is None:
        message = f"--hotline {hotline}: known are {', '.join(h.id for h in found.hotlines)}"
        raise CommandError(message)

    async def make() -> str:
        async with register(found) as db, db.write() as tx:
            return await create_token(tx, Role(role), hotline)

    say(run(make()))
