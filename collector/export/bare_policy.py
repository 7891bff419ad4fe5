"""The policy without its comments: what somebody wrote beside a setting may name people.

Everything else stays as it was applied, each setting on the line where it stood.
"""

QUOTES = ('"""', "'''", '"', "'")
"""The longer ones first: TOML 1.0, Strings."""


def without_comments(text: str) -> str:
    """
    >>> without_comments('limit = 3  # Carol asked for it\\nname = "no # comment"  # a note\\n')
    'limit = 3\\nname = "no # comment"\\n'
    """
    kept: list[str] = []
    place = 0
    while place < len(text):
        if text[place] == "#":
            place = _line_end(text, place)
            while kept and kept[-1] in " \t":
                kept.pop()
            continue
        quote = next((each for each in QUOTES if text.startswith(each, place)), "")
        end = _string_end(text, place, quote) if quote else place + 1
        kept.append(text[place:end])
        place = end
    return "".join(kept)


def _line_end(text: str, place: int) -> int:
    found = text.find("\n", place)
    end = len(text) if found < 0 else found
    return end - 1 if text[end - 1] == "\r" else end


def _string_end(text: str, place: int, quote: str) -> int:
    """A basic string may hold its own quote after a backslash, a literal one never."""
    place += len(quote)
    while place < len(text):
        if text[place] == "\\" and '"' in quote:
            place += 2
        elif text.startswith(quote, place):
            place += len(quote)
            while len(quote) == 3 and text.startswith(quote[0], place):
                place += 1  # one or two quotes may stand before the end
            return place
        else:
            place += 1
    return place
