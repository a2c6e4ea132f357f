"""Runmart measured against peers and against the floor."""
