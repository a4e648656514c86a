"""Verdicts as values: every property of a model judged, with its scope, evidence and provenance."""
