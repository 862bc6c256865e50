"""What scoring does: one use case a file."""
