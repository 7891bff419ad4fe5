"""What can be typed after `muster-agent`, one module a command.

Each module offers NAME, HELP, EXAMPLE, `arguments(parser)` and `run(args, around) -> exit status`.
"""
