"""Stochastic optimizers; one file an algorithm, its update rule plain to see.

A file holds the rule, a function of one weight that the kernel compiles into its loop over all
weights, and the class that knows the rule's constants. One convention for all: w is the weight,
g its gradient, η the learning rate, `rate` what the rule takes as its step size at this step.
"""
