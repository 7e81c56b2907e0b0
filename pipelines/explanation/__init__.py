"""What the fitted candidates rest on: importances, boundaries, coefficients."""
