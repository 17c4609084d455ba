"""Calls that nobody answered, wishes to be called back, messages: each becomes one task."""
