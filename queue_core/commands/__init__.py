"""The commands of the engine, a module for each kind; `queue_core.cli` puts them together."""
