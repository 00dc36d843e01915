"""Several arrays on one multiplication: what each runs, the bytes they move, and what a run tells of them."""
