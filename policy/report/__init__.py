"""Verdicts to text, tables and JSON. Nothing here decides anything."""
