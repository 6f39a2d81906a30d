"""Questions → rows: cosines, the nearest rows of many, spaces by name."""
