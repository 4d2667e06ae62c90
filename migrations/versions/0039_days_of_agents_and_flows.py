"""Days of agents and flows, teams, planned shifts."""

import sqlalchemy as sa
from alembic import op

revision: str = "0039_days_of_agents_and_flows"
down_revision: str | None = "0038_windows_of_calls_back"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Forward only: a schema goes back by restoring a backup."""
    op.create_table(
        "agent_day",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("signed_in_ms", sa.BigInteger(), nullable=False),
        sa.Column("ready_ms", sa.BigInteger(), nullable=False),
        sa.Column("paused_ms", sa.BigInteger(), nullable=False),
        sa.Column("alerting_ms", sa.BigInteger(), nullable=False),
        sa.Column("in_call_ms", sa.BigInteger(), nullable=False),
        sa.Column("wrap_up_ms", sa.BigInteger(), nullable=False),
        sa.Column("planned_pause_ms", sa.BigInteger(), nullable=False),
        sa.Column("shift_ms", sa.BigInteger(), nullable=False),
        sa.Column("kept_ms", sa.BigInteger(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("dialled", sa.Integer(), nullable=False),
        sa.Column("talk_ms", sa.BigInteger(), nullable=False),
        sa.Column("held_ms", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("transferred", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("at", "agent_id", name=op.f("pk_agent_day")),
    )
    op.create_table(
        "pause_day",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", "agent_id", "reason", name=op.f("pk_pause_day")),
    )
    op.create_table(
        "counted_day",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_counted_day")),
    )
    op.create_table(
        "figure_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_change")),
    )
    op.create_table(
        "flow_day",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("followed", sa.Boolean(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("at", "flow", "step", "followed", name=op.f("pk_flow_day")),
    )
    op.create_table(
        "planned_shift",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_planned_shift_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_shift")),
    )
    with op.batch_alter_table("planned_shift", schema=None) as batch_op:
        batch_op.create_index("ix_planned_shift_staff_id_since", ["staff_id", "since"], unique=False)
        batch_op.create_index("ix_planned_shift_until", ["until"], unique=False)

    with op.batch_alter_table("call_sum", schema=None) as batch_op:
        batch_op.add_column(sa.Column("transferred", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("team", sa.String(), server_default="", nullable=False))
