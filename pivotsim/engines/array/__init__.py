"""The systolic array alone: clocks in closed form, fold by fold, dense and masked."""
