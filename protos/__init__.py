"""The contract between agent and collector: what can be said, and nothing else.

The `.proto` files are the specification; the Python beside them is generated and committed.
Regenerate with ``python -m protos.generate``; ``--check`` fails when the two differ.
"""
