"""Who may call a route, written beside the handler; a test walks all routes."""

from web.auth.access import (
    Access,
    Door,
    access_of,
    allowed,
    bearer,
    machine,
    public,
    signed_in,
    viewer,
)

__all__ = [
    "Access",
    "Door",
    "access_of",
    "allowed",
    "bearer",
    "machine",
    "public",
    "signed_in",
    "viewer",
]
