"""The parts of `bin/bench soak`: what is run, by whom, under what weather, and how it is judged."""
