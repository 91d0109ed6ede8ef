"""Panels: views of a job or a command for other people's pages, and the wall of many of them."""
