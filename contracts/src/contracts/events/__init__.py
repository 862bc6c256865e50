"""Every event of every producer; importing this package fills the catalogue."""
