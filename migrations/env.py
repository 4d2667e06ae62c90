"""Environment that Alembic loads and runs during `upgrade`."""

from alembic import context

from foundation.text_index import is_derived

metadata = context.config.attributes["metadata"]
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table: Alembic copies it instead.
    render_as_batch=True,
    include_name=lambda name, kind, _: kind != "table" or not is_derived(metadata, name or ""),
    render_item=context.config.attributes.get("render_item"),
    transactional_ddl=True,
)

with context.begin_transaction():
    context.run_migrations()
