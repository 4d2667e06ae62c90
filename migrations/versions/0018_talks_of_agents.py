"""Recordings of an agent, for the figures of the day."""

from alembic import op

revision: str = "0018_talks_of_agents"
down_revision: str | None = "0017_call_stories"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_index("ix_recording_agent_id_started_at", "recording", ["agent_id", "started_at"])
