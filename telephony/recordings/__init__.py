"""Recordings: found in the spool, sealed into the archive, heard by those who may, provable."""
