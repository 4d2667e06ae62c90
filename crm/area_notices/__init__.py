"""Notices of areas: what agents and customers there should know (H14)."""
