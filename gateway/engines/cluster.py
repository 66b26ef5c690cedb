"""The files of a private PostgreSQL: its database folder, its settings, who may log in, and the one role the gateway has."""

import os
import secrets
import shutil
from pathlib import Path

from gateway.engines.account import Account
from gateway.engines.binaries import Postgres
from gateway.engines.errors import StartFailed, reason_in

ROLE = "tixing"
"""Role and database of the gateway. Not a superuser: what an attacker finds through it ends at this database."""

SETTINGS = {
    # Durability is what "accepted" means (DESIGN, invariant 1): never turned down, and said by /readyz and every bench.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "wal_buffers": "16MB",
    "wal_compression": "off",  # the wheel is built without lz4, and pglz was no faster here
    "min_wal_size": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "update_process_title": "off",  # a system call a statement
    "jit": "off",  # our statements are short; compiling them takes longer than running them
    "max_logical_replication_workers": "0",
    # the queue has settings of its own (its rows turn over fast); for the rest what PostgreSQL thinks right is
    "autovacuum_naptime": "20s",
    "autovacuum_max_workers": "2",
    "max_locks_per_transaction": "256",  # a claim holds a lock for each number it sends to
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # personal data stands in statements and in the detail of an error (DESIGN, invariant 9)
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}

SINCE_18 = {
    "io_method": "sync",  # the worker default starts three more processes and was no faster on two cores
}

LOGINS = f"""# The owner of the server by the operating system's word, the gateway by its password, nobody else, nothing by network.
local all postgres peer map=owner
local all {ROLE} scram-sha-256
"""


def password(file: Path) -> tuple[str, bool]:
    """The gateway's password, made at the first call: (password, whether it is new). The file has mode 0600 and lies outside the database folder."""
    if file.exists():
        return file.read_text().strip(), False
    made = secrets.token_urlsafe(32)
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(made)
        out.flush()
        os.fsync(out.fileno())
    part.rename(file)
    return made, True


def create(account: Account, program: Postgres, data: Path, secret: str) -> None:
    """Makes the database folder; it appears at `data` when complete, so that a kill in between leaves nothing half made."""
    part = data.with_name("data.part")
    shutil.rmtree(part, ignore_errors=True)
    made = account.run(
        *(program.bin / "initdb", "-D", part, "-U", "postgres", "--auth-local=peer", "--auth-host=reject"),
        *("--locale=C", "--encoding=UTF8", "--data-checksums", "--no-instructions"),
    )
    if made.returncode != 0:
        raise StartFailed(f"PostgreSQL could not make its database in {data}: {reason_in(made.stderr)}")
    configure(account, program, part, part)
    ask(account, program, part, f"create role {ROLE} login createdb password '{secret}'", f"create database {ROLE} owner {ROLE}")
    ask(account, program, part, f"grant pg_monitor, pg_checkpoint to {ROLE}")
    part.rename(data)


def configure(account: Account, program: Postgres, data: Path, sockets: Path) -> None:
    """Writes the settings of this version of Tixing; done at every start."""
    settings = SETTINGS | {"unix_socket_directories": f'"{sockets}"'} | (SINCE_18 if program.major >= 18 else {})
    quoted = [f"{name} = {_literal(value)}" for name, value in settings.items()]
    account.write(data / "postgresql.conf", "# Written by Tixing at every start: changes here do not last.\n" + "\n".join(quoted) + "\n")
    account.write(data / "pg_hba.conf", LOGINS)
    account.write(data / "pg_ident.conf", f"owner {account.name} postgres\n")


def ask(account: Account, program: Postgres, data: Path, *statements: str) -> None:
    """Runs statements in single-user mode, on a server that is down: by standard input, so that no process list shows a password."""
    done = account.run(program.bin / "postgres", "--single", "-j", "-D", data, "postgres", text=";\n\n".join([*statements, ""]))
    if done.returncode != 0 or "ERROR" in done.stderr:
        raise StartFailed(f"PostgreSQL could not set up {data}: {reason_in(done.stderr)}")


def made_by(data: Path) -> int | None:
    """The major version that made this database folder, None where there is none."""
    file = data / "PG_VERSION"
    return int(file.read_text()) if file.exists() else None


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
