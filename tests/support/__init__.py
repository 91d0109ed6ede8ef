"""The vocabulary of the tests: what a test says in one word each."""
