"""After-sales applications: assessed before anybody works on them (H12)."""
