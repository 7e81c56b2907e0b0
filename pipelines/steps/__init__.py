"""The seven steps, a file each: pure functions, values in, values out."""
