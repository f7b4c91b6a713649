"""Language: texts to train on, and what is done to a language model."""
