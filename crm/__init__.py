"""Customers, tickets, departments, history: the domain of a service hotline and its store."""
