"""Calls: what the PBX's packets make of them."""
