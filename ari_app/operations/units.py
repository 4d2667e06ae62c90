"""systemd units of a machine without containers."""

import sys
from pathlib import Path

from dev.paths import PROJECT

HOTLINE = """\
[Unit]
Description=hotline: service hotline and call centre
After=network-online.target hotline-asterisk.service redis-server.service postgresql.service
Wants=network-online.target

[Service]
User={user}
WorkingDirectory={project}
EnvironmentFile={environment}
ExecStart={python} -m ari_app.cli supervise
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
TimeoutStopSec=30
Restart=always
RestartSec=1
LimitNOFILE=20000
NoNewPrivileges=true
ProtectSystem=full
PrivateTmp=true

[Install]
WantedBy=multi-user.target
"""
ASTERISK = """\
[Unit]
Description=hotline: Asterisk
After=network-online.target
Wants=network-online.target

[Service]
User={user}
WorkingDirectory={project}
EnvironmentFile={environment}
ExecStart={python} -m ari_app.cli asterisk
Restart=always
RestartSec=1
LimitNOFILE=20000
NoNewPrivileges=true
ProtectSystem=full
PrivateTmp=true

[Install]
WantedBy=multi-user.target
"""
WATCHDOG = """\
[Unit]
Description=hotline: leads waiting callers to the fallback while the service is away
After=hotline-asterisk.service

[Service]
User={user}
WorkingDirectory={project}
EnvironmentFile={environment}
ExecStart={python} -m ari_app.cli watchdog
Restart=always
RestartSec=1
NoNewPrivileges=true
ProtectSystem=full

[Install]
WantedBy=multi-user.target
"""
BACKUP = """\
[Unit]
Description=hotline: backup, verified by reading it back

[Service]
Type=oneshot
User={user}
WorkingDirectory={project}
EnvironmentFile={environment}
ExecStart={python} -m ari_app.cli backup --to {backups} --keep-days 30
Nice=10
IOSchedulingClass=idle
"""
BACKUP_TIMER = """\
[Unit]
Description=hotline: a backup every night

[Timer]
OnCalendar=*-*-* 02:30:00
Persistent=true

[Install]
WantedBy=timers.target
"""
UNITS = {
    "hotline-asterisk.service": ASTERISK,
    "hotline.service": HOTLINE,
    "hotline-watchdog.service": WATCHDOG,
    "hotline-backup.service": BACKUP,
    "hotline-backup.timer": BACKUP_TIMER,
}


def units(*, user: str, environment: Path, backups: Path) -> dict[str, str]:
    """Render the units by their file names.

    Args:
        environment: the file of HOTLINE_… variables.
        backups: the folder of backups, best on another disk.
    """
    return {
        name: text.format(user=user, project=PROJECT, environment=environment, backups=backups, python=sys.executable)
        for name, text in UNITS.items()
    }
