"""Publishes to where the repository is hosted: a pull request's comment, the issue of drift, the summary of a step.

What to send is decided by pure functions; a forge sends it.
"""
