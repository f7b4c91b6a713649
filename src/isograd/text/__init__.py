"""Language models: texts, tokenizers, checkpoint folders as they are published, and their use."""
