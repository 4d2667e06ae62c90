"""Webhooks: signed HTTP requests, never redirected, never into our network (S35)."""
