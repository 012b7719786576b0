"""A domain as Markdown pages."""
