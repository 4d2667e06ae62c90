"""Outbound: whom to call, when, how often, and what they answered."""
