"""Orchestration, and nothing else: the flows, their tasks, and the command."""
