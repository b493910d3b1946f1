"""Carries out a plan: the changed agents only, one complete PATCH each, never blindly twice, verified at the end."""
