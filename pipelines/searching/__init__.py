"""How a candidate's best parameters are searched for; pure, with neither clock nor processes."""
