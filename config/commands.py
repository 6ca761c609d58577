"""Runs a command's `main`: an error that the user can mend becomes one line and a status."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence

from config.errors import InputError

EXIT_ERROR = 1
EXIT_INPUT = 2
EXIT_INTERRUPTED = 130


def run_main(
    main: Callable[[argparse.Namespace], int | None],
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None = None,
) -> int:
    """Parse the command line and run `main`.

    Args:
        main: takes the parsed arguments; returns an exit status, None meaning 0.
        parser: the command's parser.
        argv: arguments without the program's name; None reads `sys.argv`.

    Returns:
        0, or what `main` returned; 2 for input that must be mended; 1 for a failing file system;
        130 after Ctrl-C. A programming error keeps its traceback.

    Example:
        >>> run_main(lambda args: None, argparse.ArgumentParser(), [])
        0
    """
    _start_logging()
    args = parser.parse_args(argv)
    try:
        return main(args) or 0
    except InputError as error:
        return report_failure(parser, str(error), EXIT_INPUT)
    except OSError as error:
        return report_failure(parser, _describe(error), EXIT_ERROR)
    except KeyboardInterrupt:
        return report_failure(parser, "stopped.", EXIT_INTERRUPTED)


def report_failure(parser: argparse.ArgumentParser, message: str, status: int) -> int:
    """Write one line to standard error, after all that was printed.

    Args:
        parser: names the program.
        message: what went wrong.
        status: exit status.

    Returns:
        `status`.

    Example:
        >>> report_failure(argparse.ArgumentParser(prog="export.py"), "no room.", 1)
        1
    """
    sys.stdout.flush()
    sys.stderr.write(f"{parser.prog}: error: {message}\n")
    return status


def _start_logging() -> None:
    """Show this project's messages, and of TensorFlow's only warnings and errors."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.INFO)
    for library in ("absl", "tensorflow"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _describe(error: OSError) -> str:
    if error.filename is None:
        return f"{error.strerror or error}."
    return f"{error.filename}: {error.strerror}. Choose another folder, or make room or permission."
