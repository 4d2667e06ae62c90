"""Scheduled reports: made on their days, sent by mail (H13, H35)."""
