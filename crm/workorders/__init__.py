"""The work order that a field worker takes along on paper (打印工单, H7)."""
