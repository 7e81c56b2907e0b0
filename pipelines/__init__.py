"""Everything that computes: configuration, steps, estimators, inference, adapters, report."""
