"""Several nodes on one PostgreSQL: what happens at one is told at the others (docs/adr/0005)."""
