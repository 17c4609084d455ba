"""What is measured (`make bench`): each module prints JSON."""
