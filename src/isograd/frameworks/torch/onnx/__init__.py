"""ONNX files, read as PyTorch modules."""
