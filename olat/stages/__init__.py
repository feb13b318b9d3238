"""The verbs: one small class a file."""
