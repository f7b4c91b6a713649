"""Networks in the forms in which they are shipped: what can be built, and running it alone."""
