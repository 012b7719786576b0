"""The same rows in every kind of export, read and taken in."""
