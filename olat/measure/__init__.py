"""How alike two pictures are; every measure says what it aligned."""
