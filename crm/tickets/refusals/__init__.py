"""What a department declines, and what a supervisor rules about it (H6)."""
