"""What exists for development only: the one clock that can be moved (`tongdai clock`)."""
