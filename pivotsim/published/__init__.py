"""Published numbers: claims as data, and the audit that puts simulated ones beside them."""
