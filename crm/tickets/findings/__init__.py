"""Whether a complaint was valid, and why (H2, H13)."""
