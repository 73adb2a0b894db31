"""Other libraries' names, answered by the engine."""
