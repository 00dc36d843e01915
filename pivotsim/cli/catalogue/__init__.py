"""What a simulation is made of, and what it is called: show, list, schema."""
