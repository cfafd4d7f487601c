"""How Alembic reaches the database: over the connection, and inside the transaction, of whoever called `upgrade`."""

from alembic import context

from mailgate.record.tables import metadata

connection = context.config.attributes["connection"]

context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
