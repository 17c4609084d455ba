"""The journal: every packet as it came, written before anybody interprets it."""
