"""Tiers: departments pass tickets up and get answers back (H16)."""
