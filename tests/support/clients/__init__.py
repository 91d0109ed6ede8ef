"""Every program that a person may come with, driven for real through one small vocabulary."""
