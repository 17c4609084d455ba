"""How often one address, or one telephone number, may guess: counted for all nodes together."""
