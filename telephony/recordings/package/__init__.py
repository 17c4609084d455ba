"""A recording that leaves the house: sealed, with all that proves it by common tools alone."""
