"""What one shift leaves open is handed to the next, and what keeps coming back is named (交接班, H23)."""
