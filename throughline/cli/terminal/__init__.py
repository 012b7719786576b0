"""What every command shares: options, progress, and rows written out."""
