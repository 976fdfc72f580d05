"""YAML to validated, frozen descriptions of chips and their components."""
