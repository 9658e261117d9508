"""The only user of ONNX Runtime: model files in, arrays out."""
