"""What verdicts rest on: the model, its meaning, and the check of evidence. Standard library only."""
