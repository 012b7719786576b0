"""Figures for spreadsheets: grids, and workbooks of them."""
