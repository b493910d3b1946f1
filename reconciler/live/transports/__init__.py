"""Transports: each wraps another and adds one behaviour to every request that passes.

From the outside in: read-only guard, credential, retries, concurrency bound, rate ledger, deadline and size, origin
guard with the tally, and the sockets (or the embedded tenant). Nothing that waits stands between ledger and wire.
"""
