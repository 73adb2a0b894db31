"""A shop: a whole application that knows `tasktiger` and nothing of this project."""
