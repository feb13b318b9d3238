"""Dask, and nothing else knows it."""
