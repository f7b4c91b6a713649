"""The verbs: what happens when a user says `prove`, `compare` or `emit`."""
