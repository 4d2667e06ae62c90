"""Import of customers from a spreadsheet: read, checked, then applied."""
