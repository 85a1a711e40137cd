"""Recipes: one task or a chain of tasks, as text, with their parameters written as on the command line."""
