"""Security events that people answer for: found in the audit log, told, noted on, closed."""
