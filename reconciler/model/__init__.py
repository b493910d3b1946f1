"""The nouns that every room shares: skills, assignments, agents, source positions, secrets; frozen and compact."""
