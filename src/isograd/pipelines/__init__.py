"""Input pipelines: what is read, how it is delivered, and whether a network waits for it."""
