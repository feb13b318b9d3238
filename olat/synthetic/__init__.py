"""A simulated light stage with known answers."""
