"""Operators: who is signed on, ready, ringing, talking, in wrap-up or paused; see service.py."""

from telephony.operators.service import Operators

__all__ = ["Operators"]
