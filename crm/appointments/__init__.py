"""Visits in the windows that departments offer (预约上门, H26)."""
