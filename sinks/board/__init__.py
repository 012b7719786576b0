"""The board: web pages over one or several stores, drawn on the server."""
