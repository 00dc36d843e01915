"""Commands beside the hardware itself: measure, calibrate, validate, rtl."""
