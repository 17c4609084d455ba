"""Proves the archive: the manifest, the rows and the objects, held against one another."""
