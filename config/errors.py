"""What a command line turns into a message instead of a traceback."""


class InputError(ValueError):
    """Says that something the user gave is wrong, and how to put it right.

    Raise it for a bad file, value, name or configuration. Its text has three parts: the thing in
    backticks or its path, what is required, and what came or what to do. The command lines print
    the text alone and exit with a status that is not zero.

    Example:
        >>> raise InputError("`N` must be at least 1. Received 0.")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `N` must be at least 1. Received 0.
    """


class MissingSplit(InputError):
    """Says that a data set is whole but has no pictures of the split asked for.

    Who can do without that split catches it; for all others it is an `InputError`.

    Example:
        >>> raise MissingSplit("`a.csv` must have pictures of the split test. It has none.")
        Traceback (most recent call last):
        ...
        config.errors.MissingSplit: `a.csv` must have pictures of the split test. It has none.
    """
