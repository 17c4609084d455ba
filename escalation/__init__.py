"""The law: procedures as data, the ladder, the deadline scheduler."""
