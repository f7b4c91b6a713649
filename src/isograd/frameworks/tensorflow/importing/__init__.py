"""From Keras networks to graphs: the trace, and a rule for each layer and operation."""
