"""The operator's command line: over HTTP and log reading only."""
