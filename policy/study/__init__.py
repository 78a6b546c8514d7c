"""What else there is to know about a design, beyond its verdicts."""
