"""What customers do without anybody signed in: report by a web form, and ask how far a ticket is (H12, H21)."""
