"""Departments that help the one in the lead (主办/协办): each signs and replies for its own part."""
