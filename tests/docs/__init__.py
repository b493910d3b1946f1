"""Holds the documentation against the code."""
