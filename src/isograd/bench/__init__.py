"""Networks at work: emitted, each mode in a worker of its own, trained and timed."""
