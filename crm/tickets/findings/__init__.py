"""Findings: whether a complaint is valid, and why (H2, H13)."""
