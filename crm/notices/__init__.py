"""Notices about tickets: recipients, channels, wording, deliveries (H7, H16)."""
