"""Applies that are killed at every point there is, and what the next one makes of it."""
