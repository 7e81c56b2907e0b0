"""Solvers of smooth convex problems; each gives a Solution and knows nothing but the function."""
