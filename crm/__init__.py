"""Domain of a service hotline: customers, tickets, departments, history."""
