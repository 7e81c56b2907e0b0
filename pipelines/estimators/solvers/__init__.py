"""Solvers of convex problems: each gives a Solution and knows nothing of rows or classes."""
