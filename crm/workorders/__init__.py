"""Printed work orders for field workers (打印工单, H7)."""
