"""Replicas of a model that were trained apart become one again: the arithmetic alone."""
