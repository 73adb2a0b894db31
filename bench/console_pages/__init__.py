"""The parts of `bench/console.py`: a large deployment in Redis, addresses to open, and what each cost."""
