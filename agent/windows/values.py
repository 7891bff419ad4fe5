r"""Reads registry values as numbers and words; a value that is not there is None.

Policies write numbers as REG_DWORD, the Control Panel writes the same as REG_SZ ("600"). Whether
Windows obeys a policy's number that is written as text is not known.
"""

from agent.host import FileMissing, Host, Unparsable


def words_in(host: Host, key: str, name: str) -> str | None:
    """The value as text, stripped. Raises what `Host.registry` raises, but for FileMissing."""
    try:
        value = host.registry(key, name)
    except FileMissing:
        return None
    if isinstance(value, bytes | tuple):
        raise Unparsable(f"{key} {name} is no text and no number")
    return str(value).strip().strip("\0")


def number_in(host: Host, key: str, name: str) -> int | None:
    """The value as a whole number that is not negative. Raises Unparsable, and as `words_in`."""
    found = words_in(host, key, name)
    if found is None:
        return None
    if not (found.isascii() and found.isdigit()):
        raise Unparsable(f"{key} {name} is {found[:40]!r}, which is no whole number")
    return int(found)


def dword_in(host: Host, key: str, name: str) -> int | None:
    """A number that Windows reads as REG_DWORD. Raises Unparsable for text, and as `words_in`."""
    try:
        value = host.registry(key, name)
    except FileMissing:
        return None
    if not isinstance(value, int):
        raise Unparsable(f"{key} {name} is no REG_DWORD, and may not be obeyed")
    return value


def there(host: Host, key: str) -> bool:
    """Whether a key exists. Raises what `Host.subkeys` raises, but for FileMissing."""
    try:
        host.subkeys(key)
    except FileMissing:
        return False
    return True
