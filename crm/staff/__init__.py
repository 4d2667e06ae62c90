"""Who works here: agents, departments' people, supervisors."""
