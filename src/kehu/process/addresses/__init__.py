"""Addresses, Chinese and Western, from one line or from parts, as division, road, number, building, unit and room."""
