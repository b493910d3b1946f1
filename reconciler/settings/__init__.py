"""The environment and `tenant.yaml`, made into values: where to connect and with what, and who is at work."""

from reconciler.settings.author import Author, read_author
from reconciler.settings.connection import is_embedded, read_connection, state_folder
from reconciler.settings.ledger import ledger_of

__all__ = ["Author", "is_embedded", "ledger_of", "read_author", "read_connection", "state_folder"]
