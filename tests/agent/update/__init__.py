"""The agent's update of itself."""
