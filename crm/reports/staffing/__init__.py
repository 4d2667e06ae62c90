"""Staffing: agents that each half hour needs, from past calls (H11)."""
