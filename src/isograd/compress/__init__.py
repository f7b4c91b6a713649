"""Networks made smaller: graphs and weights in, graphs and weights out, without any framework."""
