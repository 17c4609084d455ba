"""The English catalogue, and what keeps it: `python -m tongdai.locale update|compile|check`."""
