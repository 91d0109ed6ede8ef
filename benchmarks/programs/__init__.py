"""What the jobs of the benchmarks run: small programs of the standard library alone."""
