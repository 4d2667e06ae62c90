"""Staff accounts: agents, departments, supervisors."""
