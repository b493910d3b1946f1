"""The live tenant: every odd thing that a server can answer, and what must become of it."""
