"""Reports of missed people, and of calls back that callers asked for."""
