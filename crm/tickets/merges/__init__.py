"""Two tickets, one matter: merging them, and taking them apart exactly as they were (并单/拆单)."""
