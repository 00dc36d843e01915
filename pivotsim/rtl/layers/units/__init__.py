"""Steps of a layer program in units of the programmable logic: which, and the operations that run them."""
