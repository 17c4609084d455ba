"""The manifest: what was ever archived, held, deleted; chained, hashed as a tree, signed."""
