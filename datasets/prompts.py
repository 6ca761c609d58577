"""Prompts that ask a picture generator for a number of people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from config.errors import InputError
from datasets.json_files import read_json

COUNTS = (1, 2, 5, 10, 20, 50, 100, 200)  # asked for where none are named
PLACE = "{count}"
_MOST = 1_000_000  # people asked for
_LONGEST = 1000  # characters; the text encoders read the first 75 tokens or so
_MOST_BYTES = 1 << 22


def choose_prompts(
    *, path: str = "", template: str = "", counts: Sequence[int] = (), empty: str = ""
) -> dict[int, tuple[str, ...]]:
    """Choose the prompts of each count, from a file or a template.

    Args:
        path: file of prompts, see `read_prompts`; "" takes the template.
        template: prompt with `{count}` in the place of the number.
        counts: numbers of people, 0 or more; () for all of the file, or for `COUNTS`.
        empty: prompt of the count 0, where the template is taken.

    Returns:
        Count -> its prompts, at least one, counts rising.

    Raises:
        InputError: the file or the template cannot be used, or the file lacks a count.

    Example:
        >>> choose_prompts(template="a photo of {count} people", counts=(3,))
        {3: ('a photo of 3 people',)}
    """
    if not path:
        check_template(template)
        counts = sorted(set(counts or COUNTS))
        return {each: (fill_template(template, each) if each else empty,) for each in counts}
    prompts = read_prompts(Path(path).expanduser())
    missing = sorted(set(counts) - set(prompts))
    if missing:
        raise InputError(
            f"`--counts` must be counts of `{path}`. It has no prompt for {missing[0]}; it has "
            f"some for {', '.join(map(str, prompts))}."
        )
    return {each: prompts[each] for each in sorted(set(counts or prompts))}


def read_prompts(path: Path) -> dict[int, tuple[str, ...]]:
    """Read a file of prompts: a JSON object of count -> prompt, or list of prompts.

    Args:
        path: file in UTF-8.

    Returns:
        Count -> its prompts, at least one, counts rising.

    Raises:
        InputError: no such file, not such an object, a count that is no whole number from 0 on, or
            a prompt that is no text.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "prompts.json"
        >>> _ = path.write_text('{"5": "five people", "0": ["a lawn", "a beach"]}')
        >>> read_prompts(path)
        {0: ('a lawn', 'a beach'), 5: ('five people',)}
    """
    content = read_json(path, max_bytes=_MOST_BYTES)
    if not isinstance(content, dict) or not content:
        raise InputError(
            f"`{path}` must be an object of counts and their prompts, such as "
            f'{{"5": "five people"}}. Received {type(content).__name__} of no count.'
        )
    prompts: dict[int, tuple[str, ...]] = {}
    for key, value in content.items():
        count = _read_count(key, path)
        if count in prompts:
            raise InputError(f"`{path}` must name each count once. It names {count} twice.")
        texts = value if isinstance(value, list) else [value]
        if not texts or not all(_is_prompt(text) for text in texts):
            raise InputError(
                f"`{path}`: the prompts of `{key}` must be text of 1 to {_LONGEST} characters, or "
                f"a list of such. Received {repr(value)[:80]}."
            )
        prompts[count] = tuple(texts)
    return dict(sorted(prompts.items()))


def check_template(template: str) -> None:
    """Require a prompt with one place for the number.

    Args:
        template: the prompt.

    Raises:
        InputError: `{count}` is not in it.

    Example:
        >>> check_template("{count} people")
    """
    if PLACE not in template or not _is_prompt(template):
        raise InputError(
            f"`--prompt_template` must be text of 1 to {_LONGEST} characters with {PLACE} in the "
            f"place of the number. Received {template[:80]!r}."
        )


def fill_template(template: str, count: int) -> str:
    """Put a number into a prompt.

    Args:
        template: prompt with `{count}`; other braces stay as they are.
        count: the number.

    Returns:
        The prompt.

    Example:
        >>> fill_template("{count} people {here}", 3)
        '3 people {here}'
    """
    return template.replace(PLACE, str(count))


def _read_count(key: str, path: Path) -> int:
    number = int(key) if re.fullmatch(r"-?[0-9]{1,12}", key) else None
    if number is None or not 0 <= number <= _MOST:
        raise InputError(
            f"`{path}`: counts must be whole numbers from 0 to {_MOST}. Received `{key[:40]}`; "
            "take it out."
        )
    return number


def _is_prompt(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text.strip()) and len(text) <= _LONGEST
