"""Looks at a folder of photographs and writes down what the capture is."""
