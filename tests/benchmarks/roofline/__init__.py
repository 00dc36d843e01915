"""How near each kernel comes to what the machine could do: `make bench-roofline`."""
