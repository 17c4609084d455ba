"""The messages: outbox, gateways, templates, delivery receipts."""
