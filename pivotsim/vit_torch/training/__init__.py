"""Training of the torch model: loop, losses, quantisation, images."""
