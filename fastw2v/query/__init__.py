"""From queries to rows: cosines, the nearest of many rows, and spaces by name."""
