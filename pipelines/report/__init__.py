"""What a reader sees of a training: the figures and one HTML file."""
