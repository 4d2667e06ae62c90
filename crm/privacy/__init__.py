"""Looks at masked data, exports and erasure, all noted (S29)."""
