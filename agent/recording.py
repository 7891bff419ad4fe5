"""A machine's answers in a folder: replayed as a `Host`, or taken down from one.

Layout (text files, so that a person can read and edit one)::

    COMMANDS.tsv   one line a command: file below cmd/, "rc=<status>", the command line.
                   The file is "-" for a command that gave no answer; then the second column is
                   the reason: missing, denied, timed-out or too-large.
    FILES.tsv      one line a path that gave no content: reason (absent, denied, too-large, not-a-file),
                   path. A folder that was listed whole: "listed", path, the names with "/" between.
    cmd/           what commands printed; <file>.stderr holds their errors
    fs/            files and links, at their own path
    PROCESSES.json the list of processes: pid, name, user, executable, arguments, environment
    SYSTEM         "linux", "macos" or "windows"

What is not in the folder is `unknown(not recorded)`: a recording says nothing about the rest of
its machine. A folder below fs/ counts as listed whole when FILES.tsv says so, or when it lies under
one of `WHOLE_TREES`.
"""
