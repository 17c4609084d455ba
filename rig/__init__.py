"""What `make` needs to try the product on one machine: Asterisk, a carrier, Kannel, PostgreSQL.

Nothing here runs on a real hotline; the product never imports it.
"""
