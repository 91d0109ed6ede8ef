"""What happens to the machine, and what must be true afterwards: ``make faults``; a short form is in ``make test``."""
