"""What the line and the inference core cost, measured beside their peers."""
