"""Who works here: accounts, their roles by hotline, and the tokens of programs."""
