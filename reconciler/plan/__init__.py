"""The pure heart: what differs between desired and live, in which order to write it, and what that costs.

Nothing here reaches a clock, a file, a socket or the environment: equal inputs give equal plans, byte for byte.
"""
