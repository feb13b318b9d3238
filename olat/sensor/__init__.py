"""From sensor counts to radiance; pure functions."""
