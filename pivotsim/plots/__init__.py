"""Pictures: for each a data function, tested, and a drawing function that returns its Axes."""
