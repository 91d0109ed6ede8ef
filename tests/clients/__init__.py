"""Every action of a person, in every program that a person may come with."""
