"""The nouns: frozen dataclasses over numpy arrays; no files."""
