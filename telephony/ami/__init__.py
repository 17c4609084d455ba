"""The manager interface of Asterisk: bytes, packets, and the client."""
