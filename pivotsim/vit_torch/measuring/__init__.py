"""What a run of the torch model is asked for: times, features, what each image kept."""
