"""What is said, in words: numbers, dates, codes read in Vietnamese; pure but for speaker.py."""
