"""Self-service without signing in: web reports and progress (H12, H21)."""
