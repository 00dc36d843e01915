"""Hidden settings: which settings of model, hardware and efforts meet printed numbers, and how many were tried."""
