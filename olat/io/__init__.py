"""Files to nouns and back; the only place that opens pictures."""
