"""One training on several workers: how they are started, whether they do what one does, what it
buys."""
