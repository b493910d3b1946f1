"""The environment and `tenant.yaml`, made into values: where to connect, with what, for whom, and where."""

from reconciler.settings.author import Author, read_author
from reconciler.settings.checkout import read_checkout
from reconciler.settings.ci import Host, Job, read_job
from reconciler.settings.connection import address_of, is_embedded, read_connection, state_folder
from reconciler.settings.history import read_history
from reconciler.settings.ledger import ledger_of

__all__ = [
    "Author",
    "Host",
    "Job",
    "address_of",
    "is_embedded",
    "ledger_of",
    "read_author",
    "read_checkout",
    "read_connection",
    "read_history",
    "read_job",
    "state_folder",
]
