"""The fallback: what Asterisk does by itself while the service is away, and what becomes of it afterwards (F5, F6)."""
