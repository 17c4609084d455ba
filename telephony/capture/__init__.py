"""What becomes of a recording while its call lives, and whether it is whole afterwards."""
