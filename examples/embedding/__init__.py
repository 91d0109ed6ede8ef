"""Four ways to show Linefeed in another page, each as a page that runs; ``make demo`` shows six panels at once."""
