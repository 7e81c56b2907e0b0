"""The only input and output: tables, the store, worker processes, tracking."""
