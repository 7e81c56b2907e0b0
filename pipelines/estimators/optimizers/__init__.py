"""Stochastic optimizers; one file an algorithm, its update rule plain to see."""
