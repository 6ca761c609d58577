"""Values that a command line gives in the place of the configuration's, and by which option."""

from __future__ import annotations

from collections.abc import Sequence


class Override(str):
    """A `key=value` text that knows by which option of a command line it came.

    Messages name the option instead of the config file, where the value does not stand.

    Args:
        text: `key=value`.
        option: e.g. "--N"; a plain text came by `--set`.

    Attributes:
        option: as given.

    Example:
        >>> override = Override("N=2", "--N")
        >>> override, override.option
        ('N=2', '--N')
    """

    option: str

    def __new__(cls, text: str, option: str = "--set") -> Override:
        """Make the text.

        Args:
            text: see the class.
            option: see the class.

        Returns:
            The text, with its option.

        Example:
            >>> Override("N=2").option
            '--set'
        """
        override = super().__new__(cls, text)
        override.option = option
        return override


def find_origins(overrides: Sequence[str]) -> dict[str, str]:
    """Name where the value of each overridden key comes from.

    Args:
        overrides: `key=value` texts; of one key the last counts.

    Returns:
        key -> the option in backticks, with the key where the option does not name it.

    Example:
        >>> find_origins(["epochs=3", Override("N=2", "--N")])
        {'epochs': '`--set epochs`', 'N': '`--N`'}
    """
    origins = {}
    for override in overrides:
        key = override.partition("=")[0]
        option = override.option if isinstance(override, Override) else "--set"
        origins[key] = f"`{option}`" if option == f"--{key}" else f"`{option} {key}`"
    return origins
