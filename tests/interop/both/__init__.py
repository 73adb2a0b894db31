"""One program, two engines: the real TaskTiger, and ours under its name; and what each of them left behind."""
