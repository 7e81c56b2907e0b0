"""The contract of a table: cells read by it, breaches of it, and the proposal of a new one."""
