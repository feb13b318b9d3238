"""Where light comes from: quadrature, interpolation, rigs; pure functions."""
