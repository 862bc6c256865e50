"""What anybody can check without trusting a site: exports of logs, signed checkpoints, heads that agree."""
