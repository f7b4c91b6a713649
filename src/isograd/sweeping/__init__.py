"""Many runs: a grid of cells, each measured once, kept as it comes, and one answer over all."""
