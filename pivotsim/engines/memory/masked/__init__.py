"""GEMMs under a mask behind the memories: the mask's tables, and the schedule that reads them."""
