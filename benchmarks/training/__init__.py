"""Training beside its peers: the same work to the same quality, run after run in one process."""
