"""Audit log of the house: accounts, departments, causes, policies, recipients, exports."""
