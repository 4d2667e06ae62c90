"""Desks: the WebSocket of signed-in people."""
