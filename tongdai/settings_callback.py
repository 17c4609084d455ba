"""[hotline.call_back] of tongdai.toml: until when and how often callers are called back."""

from pydantic import BaseModel, ConfigDict, Field


class CallBackTable(BaseModel):
    """How a hotline calls back those whom nobody answered. The texts give no figures: ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    within_minutes: int = Field(
        default=60,
        ge=0,
        le=6000,
        description="working minutes until a caller is to be called back; outside the hours they "
        "begin at the next opening",
    )
    busy_minutes: int = Field(default=10, ge=1, le=1440, description="busy: next try after")
    no_answer_minutes: int = Field(
        default=60, ge=1, le=1440, description="no answer: next try after"
    )
    most_tries: int = Field(
        default=3, ge=1, le=20, description="after so many a supervisor decides"
    )
    claim_minutes: int = Field(
        default=30, ge=1, le=1440, description="a claim without a try lapses after"
    )
    offer_seconds: int = Field(
        default=20, ge=5, le=120, description="how long an offer stands at a console"
    )
