"""Configuration as code for contact centres: the skills of every agent, declared, compared and applied."""

__version__ = "0.1.0"
