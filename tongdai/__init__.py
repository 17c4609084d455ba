"""What the parts share, and what joins them."""
