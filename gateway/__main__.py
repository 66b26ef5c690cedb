"""The composition root: the one place that knows all rooms, and the command `tixing`."""

from gateway.cli.main import build
from gateway.roles.ports import Rooms
from scheduler import calendar
from scheduler.roles import open_jobs, run_scheduler, run_worker


def main() -> None:
    """Runs the command line."""
    build(Rooms(calendar, calendar, open_jobs, run_worker, run_scheduler))()


if __name__ == "__main__":
    main()
