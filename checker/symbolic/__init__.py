"""Proofs and searches by Z3: engines over one encoding of a transition system."""
