"""What runs a network: torch, or exported graphs in ONNX Runtime or OpenVINO, behind one interface."""
