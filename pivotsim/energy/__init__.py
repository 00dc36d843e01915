"""Energy: rules that turn a run's times and counts into joules."""
