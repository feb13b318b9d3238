"""From many poses to one; pure functions."""
