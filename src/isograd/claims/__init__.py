"""The statements usually made about PyTorch and TensorFlow, held against what was measured here.

The statements are data (`isograd.claims.catalogue`); each has a rule (`isograd.claims.rules`), a
pure function from evidence to an outcome. No verdict is written down anywhere.
"""
