"""From an exported PyTorch program to a graph: the walk, and a table of rules for aten's ops."""
