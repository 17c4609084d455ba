"""Every refusal: a kind, a code, and the ids it is about; the words are found at the edges."""

from typing import ClassVar


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """Somebody asked for something that is not to be had; nothing was changed."""

    code: ClassVar[str] = "refused"

    def __init__(self, code: str | None = None, /, **ids: str | int | None) -> None:
        """Keep what the edge needs to word the refusal.

        Args:
            code: Stable snake_case name of the reason; default is the class's own.
            ids: What it is about (ticket, account, field, ...), for the words and the log.
        """
        super().__init__(code or type(self).code)
        self.reason = code or type(self).code
        self.ids = ids

    def __str__(self) -> str:
        about = " ".join(f"{name}={value}" for name, value in self.ids.items())
        return f"{self.reason} {about}".strip()


class NotFound(Refusal):
    """There is no such thing, or the asker may not know that there is."""

    code = "not_found"


class Forbidden(Refusal):
    """The asker's role does not reach that far."""

    code = "forbidden"


class Conflict(Refusal):
    """It was possible a moment ago, or is already so."""

    code = "conflict"


class Invalid(Refusal):
    """What was typed cannot be taken; `fields` says which part and why."""

    code = "invalid"

    def __init__(
        self,
        code: str | None = None,
        /,
        *,
        fields: dict[str, str] | None = None,
        **ids: str | int | None,
    ) -> None:
        """Keep the fields beside the ids.

        Args:
            code: As in Refusal.
            fields: Form field -> code of what is wrong with it.
            ids: As in Refusal.
        """
        super().__init__(code, **ids)
        self.fields = fields or {}


class Unavailable(Refusal):
    """A part that is needed does not answer now; trying again later is sensible."""

    code = "unavailable"
