"""Advice: a profile and what was measured give a ranked list of framework and mode.

One way: `profile` (what the user needs), `measured` (what was found on this machine), `facts` (what
cannot be measured here, dated, with sources) go into `reasons`, `rank` adds them up, and `changes`
says what would turn the answer.
"""
