"""Visit windows against what a department can visit (预约上门, H26)."""
