"""What every room needs and no room owns: clock, ids, database session, route table, problems."""
