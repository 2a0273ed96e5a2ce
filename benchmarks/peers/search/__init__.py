"""Search compared at equal proposals: one stateless proposer for all, so that only selection and archive differ."""
