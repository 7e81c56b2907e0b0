"""Programs that ask one runtime each; `child` starts them, nothing imports them."""
