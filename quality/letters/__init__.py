"""What agencies and stewards are told of quality: letters and pages."""
