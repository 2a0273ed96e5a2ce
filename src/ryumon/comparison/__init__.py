"""Arms beside each other: curves, areas, paired statistics over seeds, and the runs that they are made of."""
