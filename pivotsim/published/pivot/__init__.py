"""PIVOT (DAC'24): its claims, and simulated numbers beside them."""
