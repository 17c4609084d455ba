"""Live transfer: objects with states, kept in rows, carried out at the PBX; see service.py."""

from telephony.transfers.model import Target, TransferView
from telephony.transfers.service import Transfers

__all__ = ["Target", "TransferView", "Transfers"]
