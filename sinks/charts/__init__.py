"""Figures drawn: charts as SVG."""
