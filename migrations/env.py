"""Environment that Alembic loads and runs during `upgrade`."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    # SQLite cannot alter most of a table: Alembic copies it instead.
    render_as_batch=True,
    render_item=context.config.attributes.get("render_item"),
    transactional_ddl=True,
)

with context.begin_transaction():
    context.run_migrations()
