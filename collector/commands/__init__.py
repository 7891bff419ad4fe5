"""What can be typed after `muster-collector`, one module a command, each with its COMMAND.

Only click is imported at the top: what a command works with is imported when it works.
"""
