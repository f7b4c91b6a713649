"""Snippets: what TensorFlow lets you do. Each is a short program, to be read as an example."""
