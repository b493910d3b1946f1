"""Turns plans, outcomes and messages into text; pure, so that one caller writes it and golden files can hold it.

Growth is by these tables: a format is one module and one line here.
"""
