"""`tongdai sms send`: one message through the outbox, and what became of it."""
