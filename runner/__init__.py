"""Runs allowed commands, keeps their lines and hands them to any number of readers."""
