"""Who hears a recording, why, how much of it; and what is drawn of it before it is heard."""
