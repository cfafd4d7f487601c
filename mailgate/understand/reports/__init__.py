"""Delivery reports: what mail servers say became of a letter, in their standard forms and in none."""
