"""export: the bundle that another runtime needs, and nothing of this project in it."""
