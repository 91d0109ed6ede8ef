"""What ``make bench`` runs: the figures that Linefeed promises, measured against a real server."""
