"""Outbox: events stored in the transaction that makes them true, then delivered."""
