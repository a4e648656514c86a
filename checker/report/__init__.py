"""Findings for people and programs: the verdict table, the space-time diagram, the cause, JSON."""
