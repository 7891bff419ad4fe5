"""The agent observes and reports. It judges nothing and changes nothing.

Its promises: it reads only; it runs fixed commands without a shell; it talks to one collector and
listens on no port; every question to the machine has a limit of time and size.
"""

__version__ = "0.1.0"
