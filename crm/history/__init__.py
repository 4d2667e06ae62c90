"""What happened with a customer: calls and tickets of the last days, through one index each."""
