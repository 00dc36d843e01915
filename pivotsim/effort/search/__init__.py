"""Searches over efforts: paths of active attentions, their scores, and pairs with thresholds."""
