"""Configurations to begin with, and pages that show Linefeed's panels."""
