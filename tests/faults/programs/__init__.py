"""What the jobs of the fault tests run: small programs of the standard library alone."""
