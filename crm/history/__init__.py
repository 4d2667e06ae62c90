"""History of a customer: calls and tickets of the last days."""
