"""After-sales applications, assessed before any work is done (H12)."""
