"""Pages of results, a file for each kind: each takes the tables that the terminal prints, and adds charts."""
