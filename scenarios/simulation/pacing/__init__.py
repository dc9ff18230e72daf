"""When deals call and return money."""
