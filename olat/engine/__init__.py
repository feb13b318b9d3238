"""Loads, checks, plans and runs stages; knows no photography."""
