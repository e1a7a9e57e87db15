"""Request and response values and the pure functions on them; no I/O, no clock, no state."""
