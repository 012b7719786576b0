"""Sheets of Excel and OpenDocument files, and the streaming of XML that they are made of."""
