"""What becomes champion over time: the history's entries, and how often rows have judged."""
