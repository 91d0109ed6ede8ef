"""Who may do what: signing in, sessions, tokens and rights."""
