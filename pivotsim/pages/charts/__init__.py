"""Charts of pages: a function that returns the data, and one that draws it with Bokeh, for each."""
