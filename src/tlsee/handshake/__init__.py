"""Floor 6: the machine, the choices, and the states of each version and role."""
