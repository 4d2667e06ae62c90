"""Co-handling: departments help the lead, each with its own part (主办/协办)."""
