"""Service levels: until when a ticket is to be signed and resolved, who is warned, who hears of a breach (H18)."""
