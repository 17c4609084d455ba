"""`make torture`: processes are killed at random moments, and then everything is counted."""
