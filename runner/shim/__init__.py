"""Owns one job's process tree and writes its output down. Standard library only: no other room is imported here."""
