"""The import guard: two distributions that both own the name ``engineio`` overwrite each other."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

__all__ = ["refuse_other_distribution"]

_OTHER = "python-engineio"


def refuse_other_distribution() -> None:
    """Fail clearly when python-engineio is installed beside engineio-core.

    Raises:
        ImportError: It is; the message says what to do.
    """
    try:
        distribution(_OTHER)
    except PackageNotFoundError:
        return
    raise ImportError(
        f"{_OTHER} and engineio-core are both installed, and both own the package 'engineio', so "
        "files of one have replaced files of the other. Keep one: 'pip uninstall "
        f"{_OTHER} engineio-core' and then install the one you want (python-socketio and "
        f"Flask-SocketIO need {_OTHER})."
    )
