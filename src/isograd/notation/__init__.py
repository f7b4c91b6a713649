"""How things are called, marked and counted wherever people read about them."""
