"""Measures bartizan on designs that are generated; prints figures, asserts nothing about time."""
