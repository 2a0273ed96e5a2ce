"""The exact verifiers, one module for each kind of record, and what several of them build on."""
