"""Where lenses and cameras see things: projection, boards, poses; pure functions."""
