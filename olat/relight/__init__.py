"""Field times light gives picture; pure functions."""
