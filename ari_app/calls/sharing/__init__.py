"""Call and draft for the department that is called about it (H2)."""
