"""Compiled loops over arrays; each has a plain NumPy twin in the tests."""
