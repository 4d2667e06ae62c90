"""What must be told to others, stored in the transaction that made it true."""
