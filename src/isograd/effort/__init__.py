"""What it takes to write the same network and its training in each framework: counted in the
source, without an opinion on it."""
