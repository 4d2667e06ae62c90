"""Desks: the WebSocket of agents and supervisors."""
