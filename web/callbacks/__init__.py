"""Calling back: what the API, the console and the floor have in common."""
