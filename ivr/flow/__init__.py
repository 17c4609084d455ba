"""What a caller hears, as data: the steps of a hotline and what leads from one to the next."""
