"""bartizan: proves security architectures."""
