"""Lists as files: CSV and spreadsheets of what a list shows."""
