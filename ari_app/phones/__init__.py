"""Agents' phones: which one is rung, and accounts for the browser's."""
