"""The paper for a board: one model of it, as PDF and as a workbook."""
