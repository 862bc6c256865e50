"""A small year around today for a site that stays up: something open, something closed, a ballot under way."""
