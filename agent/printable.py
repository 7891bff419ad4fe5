"""Words that came from elsewhere are one printable line of bounded length before they are shown."""


def shorten(words: str, most: int = 240) -> str:
    """One printable line of at most `most` characters.

    >>> shorten("two\\nlines", 20)
    'two lines'
    >>> shorten("abcdef", 4)
    'abc…'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= most else line[: most - 1] + "…"
